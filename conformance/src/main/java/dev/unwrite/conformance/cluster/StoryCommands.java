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
import org.jspecify.annotations.Nullable;

/**
 * Carries out the commands of one story, and checks all properties after each. Most let one thing happen and tell everything
 * of it; meanwhile no time passes and nothing else arrives anywhere.
 *
 * <table>
 *   <caption>Commands</caption>
 *   <tr><td>{@code pair BLOCKS=WORD ...}<td>begins: A runs the machine, B protects it, the disk holds these words. {@code
 *       undo-limit=24} limits the undo log, in blocks; {@code alone-at-limit-after=5s} is what A does then
 *   <tr><td>{@code write A BLOCKS WORD}<br>{@code read A BLOCK}<br>{@code flush A}<td>a client at A asks for it
 *   <tr><td>{@code deliver A->B [state [PARTS]]}<td>all messages arrive; parts of a state only if the command says so
 *   <tr><td>{@code again B KIND}<td>the newest message of this kind arrives at B once more
 *   <tr><td>{@code storage [A [KIND|oldest]]}<td>requests arrive at the storage, are carried out, and are answered
 *   <tr><td>{@code disk B [JOBS]}<td>B's own disk does what it has been told to
 *   <tr><td>{@code run TIME}<td>time passes and everything happens; only steps, refusals and what clients learn are told
 *   <tr><td>{@code wait TIME}<td>time passes and nothing arrives
 *   <tr><td>{@code checkpoint A}<br>{@code switchover A}<br>{@code failover B}<td>a person orders it
 *   <tr><td>{@code kill A}<br>{@code restart A}<td>the host loses its power, and all that it has not synced; it starts again
 *   <tr><td>{@code crash storage}<td>the storage loses its power, and all that it has not flushed; it is there again at once
 *   <tr><td>{@code break}<td>the connections between the hosts break; they are made anew at once
 *   <tr><td>{@code slow A->B}<td>from here on {@code run} carries no parts of a state
 *   <tr><td>{@code show disk}<br>{@code show undo B}<br>{@code show checkpoint B}<td>what is on the disks; on those of
 *       hosts, what a crash would leave
 *   <tr><td>{@code status}<td>what the hosts do, and the ownership record
 * </table>
 */
final class StoryCommands implements AutoCloseable {
    private static final long MILLI = 1_000_000;
    private static final int MOST = 1_000;
    private static final Duration PATIENCE = Duration.ofSeconds(10);
    private static final int ROOM_BLOCKS = 120;

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
                perform(new StoryCommand(part.lines().get(i), cluster));
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

    private void perform(StoryCommand command) throws IOException {
        switch (command.part(0)) {
            case "pair" -> pair(command);
            case "run" -> {
                teller.tells(Detail.STEPS);
                cluster().run(StoryCommand.time(command.part(1)).toNanos());
                teller.tells(Detail.ALL);
            }
            case "wait" -> {
                cluster().time(StoryCommand.time(command.part(1)).toNanos());
                cluster().happens(command, this::settle);
            }
            case "status" -> status();
            case "show" -> show(command);
            default -> {
                Runnable event = event(command);
                cluster().happens(command, () -> {
                    event.run();
                    settle();
                });
            }
        }
    }

    /** What the command lets happen; it is known to be possible before anything does. */
    private Runnable event(StoryCommand command) {
        return switch (command.part(0)) {
            // Clients.
            case "write" -> write(command.runningHost(1), StoryCommand.blocks(command.part(2)), command.part(3));
            case "read" -> read(command.runningHost(1), StoryCommand.block(command.part(2)));
            case "flush" -> flush(command.runningHost(1));
            // What arrives, or is done.
            case "deliver" -> deliver(command.way(1), command.has(2) ? command.number(3, MOST) : 0);
            case "again" -> cluster().former().again(command.host(1), command.part(2));
            case "storage" -> storage(command.has(1) ? command.host(1) : null, command.has(2) ? command.part(2) : "");
            case "disk" -> disk(command.host(1), command.number(2, MOST));
            // People.
            case "checkpoint", "failover", "switchover" -> order(command.part(0), command.liveHost(1));
            // Faults.
            case "break" -> () -> List.of(cluster().lines()).forEach(Line::breakOff);
            case "slow" -> slow(command.way(1));
            case "kill" -> kill(command.host(1));
            case "restart" -> restart(command.host(1));
            case "crash" -> this::crashStorage;
            default -> throw command.unknown();
        };
    }

    private void pair(StoryCommand command) {
        if (cluster != null) {
            end();
        }
        String room = command.option("undo-limit");
        String alone = command.option("alone-at-limit-after");
        Config config = new Config(
                null,
                null,
                Extent.BLOCK_BYTES * (room == null ? ROOM_BLOCKS : Long.parseLong(room)),
                alone == null ? null : StoryCommand.time(alone),
                true,
                false,
                true,
                false,
                0);
        Cluster begun = new Cluster(config, Tracing.NONE, Slip.NONE, teller);
        cluster = begun;
        runUntilProtected(begun);
        command.contents()
                .forEach((blocks, word) -> write(begun.processes()[0], StoryCommand.blocks(blocks), word)
                        .run());
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
            default -> orders.switchover(PATIENCE, answer(host, done -> "the machine runs at " + done.newPrimary()));
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

    private void show(StoryCommand command) throws IOException {
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
