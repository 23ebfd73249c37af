package dev.unwrite.chaos.vm;

import dev.unwrite.chaos.cluster.Await;
import dev.unwrite.chaos.cluster.ClusterException;
import dev.unwrite.chaos.cluster.Processes;
import dev.unwrite.chaos.stage.Tools;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/** PostgreSQL in a guest as it is seen from outside: pgbench has it do transactions, and it is asked what it knows of them. */
final class Database {
    /** Who may do all, and needs no password. */
    static final String USER = "postgres";

    private static final int CLIENTS = 8;
    /** Connections, each of which waits for its answers. */
    private static final int CHECKERS = 4;

    private static final int ROUND_SECONDS = 20;
    private static final Duration READY_MAX = Duration.ofMinutes(2);
    private static final Duration ANSWER_MAX = Duration.ofMinutes(2);

    private static final String CONNECTED = "SELECT count(*) FROM pg_stat_activity WHERE application_name = 'pgbench'";

    private final PostgreSql program;
    private final Processes processes;
    private final Path folder;
    private final Path script;
    private long toldBefore;

    /** {@code folder}, which is made, is for what pgbench writes. */
    Database(PostgreSql program, Processes processes, Path folder) throws IOException {
        this.program = program;
        this.processes = processes;
        this.folder = Files.createDirectories(folder);
        this.script = Files.writeString(folder.resolve("transfer.sql"), TickGuest.resource("transfer.sql"));
    }

    /** Waits until it takes connections. */
    void awaitReady() {
        Await.untilTrue(
                "PostgreSQL in the guest to take connections",
                READY_MAX,
                () -> Tools.attempt(words("pg_isready")).ok(),
                () -> "pg_isready says it does not");
    }

    private List<String> words(String name, String... more) {
        List<String> words = new ArrayList<>(List.of(program.program(name).toString()));
        words.addAll(List.of("-h", TickGuest.HOST, "-U", USER));
        words.addAll(List.of(more));
        return words;
    }

    private String ask(String question) {
        List<String> words =
                words("psql", "--no-psqlrc", "-w", "-At", "-d", USER, "-v", "ON_ERROR_STOP=1", "-c", question);
        return Tools.run(ANSWER_MAX, words).strip();
    }

    /** Transactions of some clients for some seconds; on return all of them are connected. */
    Round begin(int number) {
        String name = "pgbench-" + number;
        Path told = folder.resolve("round-" + number);
        List<String> words = words("pgbench", "--no-vacuum", "--log", "--log-prefix=" + told, "--file=" + script);
        words.addAll(List.of("--define=round=" + number, "--define=n=0"));
        words.addAll(List.of("--client=" + CLIENTS, "--time=" + ROUND_SECONDS, USER));
        Process pgbench = processes.program(name, words);
        // One that is about to connect while the guest is silent hears from its own system that there is no route.
        Await.untilTrue(
                "the clients of pgbench to be connected",
                READY_MAX,
                () -> Integer.parseInt(ask(CONNECTED)) >= CLIENTS,
                () -> name + ": " + processes.lastLine(name));
        return new Round(number, told, pgbench);
    }

    /** Whether all its tables and indexes are whole; what is not, else nothing. */
    String damage() {
        Tools.Outcome outcome =
                Tools.attempt(ANSWER_MAX, words("pg_amcheck", "--heapallindexed", "--jobs=" + CHECKERS, "-d", USER));
        return outcome.ok() ? "" : "pg_amcheck: " + outcome.oneLine();
    }

    /** One time that pgbench runs; no connection of it may break. */
    final class Round {
        private final int number;
        private final Path told;
        private final Process pgbench;

        private Round(int number, Path told, Process pgbench) {
            this.number = number;
            this.told = told;
            this.pgbench = pgbench;
        }

        /**
         * Waits for its end, and asks the database for each transaction of which a client was told that it is committed. Returns
         * how many that are; throws with the reason where one is missing, a connection broke or the books do not balance.
         */
        long finish() throws IOException {
            awaitEnd();
            Map<Integer, Long> heard = heard();
            long all = heard.values().stream().mapToLong(Long::longValue).sum();
            Map<Integer, String> kept = ask("SELECT client, count(*), min(n), max(n) FROM told WHERE round = " + number
                            + " GROUP BY client ORDER BY client")
                    .lines()
                    .map(line -> line.split("\\|", 2))
                    .collect(Collectors.toMap(words -> Integer.parseInt(words[0]), words -> words[1]));
            heard.forEach((client, count) -> {
                String wanted = count + "|1|" + count;
                if (!wanted.equals(kept.get(client))) {
                    throw new ClusterException("client " + client + " of round " + number + " was told of " + count
                            + " transactions; the database has (how many, first, last) " + kept.get(client));
                }
            });
            toldBefore += all;
            balance();
            return all;
        }

        private void awaitEnd() {
            try {
                if (!pgbench.waitFor(ANSWER_MAX.toSeconds(), TimeUnit.SECONDS) || pgbench.exitValue() != 0) {
                    throw new ClusterException(
                            "pgbench, round " + number + ": " + processes.lastLine("pgbench-" + number));
                }
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
                throw new ClusterException("interrupted", e);
            }
        }

        /** By client; pgbench has written a line for each. */
        private Map<Integer, Long> heard() throws IOException {
            Map<Integer, Long> heard = new TreeMap<>();
            try (Stream<Path> files = Files.list(folder)) {
                for (Path file : files.filter(each -> each.toString().startsWith(told + "."))
                        .toList()) {
                    for (String line : Files.readAllLines(file)) {
                        heard.merge(Integer.parseInt(line.substring(0, line.indexOf(' '))), 1L, Long::sum);
                    }
                }
            }
            return heard;
        }
    }

    private void balance() {
        String[] books =
                ask("SELECT (SELECT sum(abalance) FROM pgbench_accounts), (SELECT sum(tbalance) FROM pgbench_tellers),"
                                + " (SELECT sum(bbalance) FROM pgbench_branches), (SELECT sum(delta) FROM pgbench_history),"
                                + " (SELECT count(*) FROM pgbench_history), (SELECT count(*) FROM told)")
                        .split("\\|");
        boolean balanced = Stream.of(books).limit(4).distinct().count() == 1;
        boolean complete = Stream.of(books).skip(4).allMatch(Long.toString(toldBefore)::equals);
        if (!balanced || !complete) {
            throw new ClusterException("the books do not balance (accounts, tellers, branches, history; lines, told; "
                    + toldBefore + " told): " + String.join(", ", books));
        }
    }
}
