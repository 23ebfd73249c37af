package dev.unwrite.conformance.cluster;

import dev.unwrite.conformance.cluster.Storyteller.Detail;
import dev.unwrite.host.Host;
import dev.unwrite.host.Reply;
import dev.unwrite.protocol.Extent;
import dev.unwrite.protocol.OwnershipRecord;
import java.io.IOException;
import java.time.Duration;
import java.util.List;
import java.util.Locale;
import java.util.function.Consumer;
import java.util.function.Function;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * Carries out the commands of one story. Most let one thing happen, such as the arrival of messages: then no time passes,
 * nothing else arrives anywhere, and everything is told. {@code run} lets time pass and everything happen. The properties are
 * checked after each command.
 */
final class StoryCommands implements AutoCloseable {
    private static final long MILLI = 1_000_000;
    private static final int MOST = 1_000;
    private static final Duration PATIENCE = Duration.ofSeconds(10);
    private static final int ROOM_BLOCKS = 120;

    private static final Pattern BLOCKS = Pattern.compile("(\\w+)/(\\d{1,6})(?:-(\\d{1,6}))?");

    private final StoryWords words = new StoryWords();
    private final Storyteller teller = new Storyteller(words);
    private @Nullable Cluster cluster;

    /**
     * Makes the story happen; each line is told as soon as it is known.
     *
     * @return the whole text, with what the commands print now
     * @throws IllegalArgumentException with one line if it is no story
     * @throws Violation if a property is broken
     */
    static String tell(String story, Consumer<String> out) {
        StringBuilder text = new StringBuilder();
        try (StoryCommands commands = new StoryCommands()) {
            for (Story.Part part : Story.parse(story).parts()) {
                for (String line : part.with(commands.perform(part))) {
                    out.accept(line);
                    text.append(line).append('\n');
                }
            }
            commands.end();
        }
        return text.toString().strip() + "\n";
    }

    /** What the commands of this part print; throws {@link IllegalArgumentException} with one line. */
    private List<String> perform(Story.Part part) {
        for (int i = 0; part.isCommands() && i < part.lines().size(); i++) {
            try {
                perform(new Command(part.lines().get(i)));
            } catch (IllegalArgumentException | IOException e) {
                throw new IllegalArgumentException("line " + (part.line() + i) + ": " + e.getMessage(), e);
            }
        }
        return teller.take();
    }

    /** The faults stop, and all must end well, as in any run: throws {@link Violation} if it does not. */
    private void end() {
        teller.tells(Detail.NOTHING);
        cluster().finish();
        cluster = null;
    }

    @Override
    public void close() {
        if (cluster != null) {
            teller.tells(Detail.NOTHING);
            cluster.close();
            cluster = null;
        }
    }

    private Cluster cluster() {
        Cluster now = cluster;
        if (now == null) {
            throw new IllegalArgumentException("a story begins with the command pair");
        }
        return now;
    }

    /** A command, taken apart by blanks. */
    private final class Command {
        private final String line;
        private final String[] parts;

        Command(String line) {
            this.line = line;
            this.parts = line.trim().split("\\s+");
        }

        String part(int index) {
            if (index >= parts.length) {
                throw new IllegalArgumentException("\"" + line + "\" lacks something at its end");
            }
            return parts[index];
        }

        boolean has(int index) {
            return index < parts.length;
        }

        int number(int index, int otherwise) {
            return has(index) ? Integer.parseInt(parts[index]) : otherwise;
        }

        SimHost host(int index) {
            return switch (part(index)) {
                case "A" -> cluster().processes()[0];
                case "B" -> cluster().processes()[1];
                default -> throw new IllegalArgumentException("there is no host " + parts[index]);
            };
        }

        SimHost liveHost(int index) {
            SimHost host = host(index);
            if (!host.isRunning()) {
                throw new IllegalArgumentException(host.name + " is down");
            }
            return host;
        }

        SimHost runningHost(int index) {
            SimHost host = liveHost(index);
            if (!host.room().isRunning()) {
                throw new IllegalArgumentException("no machine runs at " + host.name);
            }
            return host;
        }

        Line way(int index) {
            return switch (part(index)) {
                case "A->B" -> cluster().lines()[0];
                case "B->A" -> cluster().lines()[1];
                default -> throw new IllegalArgumentException("there is no way " + parts[index]);
            };
        }

        IllegalArgumentException unknown() {
            return new IllegalArgumentException("no command of a story: " + line);
        }
    }

    private static Extent block(String name) {
        Matcher parts = BLOCKS.matcher(name);
        for (Cells.Volume volume : Cells.VOLUMES) {
            if (parts.matches() && parts.group(1).equals(volume.name())) {
                int first = Integer.parseInt(parts.group(2));
                int last = parts.group(3) == null ? first : Integer.parseInt(parts.group(3));
                if (first <= last && last < volume.blocks()) {
                    return new Extent(volume.id(), first, last - first + 1);
                }
            }
        }
        throw new IllegalArgumentException("there is no block " + name + "; there are data/3 and data/0-9");
    }

    private static long nanos(String text) {
        boolean millis = text.endsWith("ms");
        if (!text.endsWith("s")) {
            throw new IllegalArgumentException("no time: " + text + "; some are 60ms and 2s");
        }
        return Integer.parseInt(text.substring(0, text.length() - (millis ? 2 : 1))) * (millis ? MILLI : 1_000 * MILLI);
    }

    private void perform(Command command) throws IOException {
        switch (command.part(0)) {
            case "pair" -> pair(command);
            case "run" -> {
                teller.tells(Detail.STEPS);
                cluster().run(nanos(command.part(1)));
                teller.tells(Detail.ALL);
            }
            case "wait" -> {
                cluster().time(nanos(command.part(1)));
                cluster().happens(command.line, this::settle);
            }
            case "status" -> status();
            case "show" -> show(command);
            default -> {
                Runnable event = event(command);
                cluster().happens(command.line, () -> {
                    event.run();
                    settle();
                });
            }
        }
    }

    /** What the command lets happen; it is known to be possible before anything does. */
    private Runnable event(Command command) {
        return switch (command.part(0)) {
            // Clients.
            case "write" -> write(command.runningHost(1), block(command.part(2)), command.part(3));
            case "read" -> read(command.runningHost(1), block(command.part(2)));
            case "flush" -> flush(command.runningHost(1));
            // What arrives, or is done.
            case "deliver" -> deliver(command.way(1), command.has(2) ? command.number(3, MOST) : 0);
            case "again" -> cluster().former().again(command.host(1), command.part(2));
            case "storage" -> storage(command.has(1) ? command.host(1) : null, command.has(2) ? command.part(2) : "");
            case "disk" -> disk(command.host(1), command.number(2, MOST));
            // People.
            case "checkpoint", "failover", "switchover", "protect" -> order(command.part(0), command.liveHost(1));
            // Faults.
            case "break" -> () -> List.of(cluster().lines()).forEach(Line::breakOff);
            case "slow" -> slow(command.way(1));
            case "kill" -> kill(command.host(1));
            case "restart" -> restart(command.host(1));
            case "crash" -> this::crashStorage;
            default -> throw command.unknown();
        };
    }

    /** Two hosts: A runs the machine, and B protects it. Nothing is on its way, and all is flushed. */
    private void pair(Command command) {
        long room = ROOM_BLOCKS;
        Duration failoverAfter = null;
        Duration aloneAfter = null;
        for (int i = 1; command.has(i); i++) {
            String[] option = command.part(i).split("=", 2);
            switch (option[0]) {
                case "undo-limit" -> room = Integer.parseInt(option[1]);
                case "failover-after" -> failoverAfter = Duration.ofNanos(nanos(option[1]));
                case "alone-at-limit-after" -> aloneAfter = Duration.ofNanos(nanos(option[1]));
                default -> {
                    // A block and its content.
                }
            }
        }
        Config config = new Config(null, failoverAfter, room * Extent.BLOCK_BYTES, aloneAfter, true, false, true, 0);
        if (cluster != null) {
            end();
        }
        Cluster begun = new Cluster(config, Tracing.NONE, Slip.NONE, teller);
        cluster = begun;
        runUntilProtected(begun);
        for (int i = 1; command.has(i); i++) {
            String[] option = command.part(i).split("=", 2);
            if (option[0].contains("/")) {
                write(begun.processes()[0], block(option[0]), option[1]).run();
            }
        }
        begun.run(10 * MILLI);
        begun.checkpoint(begun.processes()[0], Reply.of(done -> {}, why -> {}));
        begun.run(100 * MILLI);
        teller.tells(Detail.ALL);
        status();
    }

    private static void runUntilProtected(Cluster cluster) {
        for (int i = 0; cluster.storage().record().mode() != OwnershipRecord.Mode.PROTECTED; i++) {
            Violation.require("NoHang", i < MOST, () -> "the pair is not protected: " + cluster);
            cluster.run(10 * MILLI);
        }
    }

    private void status() {
        for (SimHost host : cluster().processes()) {
            teller.tell(StoryWords.status(host));
            String note = host.isUp() ? host.host().picture().note() : "";
            if (!note.isEmpty()) {
                teller.tell("  " + note);
            }
        }
        teller.tell("record: " + StoryWords.record(cluster().storage().record()));
    }

    /** What needs no message, no answer, no disk and no time: the machine obeys, and connections are made and missed. */
    private void settle() {
        for (SimHost host : cluster().processes()) {
            for (int i = 0; i < MOST && host.isRunning() && host.hasLater(); i++) {
                host.nextLater();
            }
            host.endIfMust();
        }
        for (Line line : cluster().lines()) {
            line.notice();
            line.connect();
        }
    }

    private Runnable write(SimHost host, Extent block, String word) {
        return () -> {
            words.means(cluster().values() + 1, word);
            host.turn(() ->
                    host.room().writeBlocks(Cells.volume(block.volume()), (int) block.first(), block.count(), false));
        };
    }

    private static Runnable read(SimHost host, Extent block) {
        return () -> host.turn(() -> host.room().readBlock(Cells.volume(block.volume()), (int) block.first()));
    }

    private static Runnable flush(SimHost host) {
        return () -> host.turn(() -> host.room().flush());
    }

    /** Parts of a state travel only when a command says so. */
    private static Runnable slow(Line line) {
        return () -> line.slow(true);
    }

    private static Runnable kill(SimHost host) {
        return () -> host.crash(0);
    }

    private Runnable restart(SimHost host) {
        return () -> cluster().start(host.index);
    }

    /** All messages that are there arrive, and so many parts of a state. */
    private Runnable deliver(Line line, int parts) {
        return () -> {
            while (line.isUrgent() && line.canDeliver()) {
                line.deliver(false);
                settle();
            }
            boolean more = true;
            for (int i = 0; i < parts && more; i++) {
                more = line.pump() || line.streams() > 0;
                line.deliver(true);
                settle();
            }
        };
    }

    /** The requests that are there now arrive, and their answers do: of one host or both, of a kind or the oldest only. */
    private Runnable storage(@Nullable SimHost host, String which) {
        SimStorage storage = cluster().storage();
        boolean oldest = which.equals("oldest");
        return () -> {
            storage.wire.stream()
                    .filter(request -> host == null || request.from.process == host)
                    // The record is read all the time, and not told of.
                    .filter(request -> which.isEmpty()
                            || (oldest && request.what != Request.Asked.RECORD)
                            || request.what.name().equals(which.toUpperCase(Locale.ROOT)))
                    .limit(oldest ? 1 : MOST)
                    .toList()
                    .forEach(storage::arrive);
            answers();
        };
    }

    private void answers() {
        SimStorage storage = cluster().storage();
        List.copyOf(storage.answers).forEach(storage::deliver);
    }

    private static Runnable disk(SimHost host, int most) {
        return () -> {
            for (int i = 0; i < most && host.isRunning() && host.store().hasJobs(); i++) {
                host.store().work(1);
                host.endIfMust();
                if (host.isRunning()) {
                    host.store().tell();
                }
            }
        };
    }

    private Runnable order(String what, SimHost host) {
        return () -> host.turn(() -> order(what, host, host.host()));
    }

    private void order(String what, SimHost host, Host orders) {
        switch (what) {
            case "checkpoint" ->
                orders.checkpoint(null, PATIENCE, answer(host, done -> "checkpoint " + done.epoch() + " is committed"));
            case "failover" ->
                orders.failover(
                        false,
                        PATIENCE,
                        answer(host, done -> "the machine runs here, blocks written back: " + done.blocks()));
            case "switchover" ->
                orders.switchover(PATIENCE, answer(host, done -> "the machine runs at " + done.newPrimary()));
            default -> orders.protect(PATIENCE, answer(host, done -> "protected by " + done.secondary()));
        }
    }

    private <T> Reply<T> answer(SimHost host, Function<T, String> text) {
        return Reply.of(
                done -> teller.tell(host.name + " answers: " + text.apply(done)),
                why -> teller.tell(host.name + " answers: " + why.text()));
    }

    /** The storage crashes and is there again at once; all that was not flushed is lost. */
    private void crashStorage() {
        SimStorage storage = cluster().storage();
        int[] before = storage.disk.image().clone();
        storage.crash(Integer.MAX_VALUE);
        int[] after = storage.disk.image();
        StoryWords.blocks(0, Cells.COUNT, cell -> {
                    String lost = words.content(StoryWords.cells(before, cell));
                    String left = words.content(StoryWords.cells(after, cell));
                    return lost.equals(left) ? "" : left + " (" + lost + " is lost)";
                })
                .forEach(line -> teller.tell("storage has now " + line));
        answers();
    }

    private void show(Command command) throws IOException {
        StoryView view = new StoryView(words);
        List<String> lines = switch (command.part(1)) {
            case "disk" -> view.sharedDisk(cluster().storage().disk);
            case "undo" -> view.undo(command.host(2).remains().undo());
            case "checkpoint" -> view.checkpoint(command.host(2).remains());
            default -> throw command.unknown();
        };
        (lines.isEmpty() ? List.of("nothing") : lines).forEach(teller::tell);
    }
}
