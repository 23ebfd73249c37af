package dev.unwrite.chaos.vm;

import dev.unwrite.chaos.Moment;
import dev.unwrite.chaos.ledger.Operation;
import java.io.Closeable;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * Somebody outside, who holds one TCP connection to the guest open through everything, asks again and again, and remembers what
 * he hears.
 */
final class VmObserver implements Closeable {
    private static final Duration CONNECT_MAX = Duration.ofSeconds(1);
    private static final long ASK_MILLIS = 20;

    private final List<Heard> heard = new ArrayList<>();
    private final Set<String> boots = new HashSet<>();
    private final Thread thread;
    private @Nullable String failure;
    private volatile boolean over;
    private volatile @Nullable VmTalk talk;

    /** An answer: when it was asked for, when it came (nanoseconds since 1970), and the guest's number. */
    record Heard(long askedAt, long at, long number) {}

    /** Begins at once, and waits for the guest to boot. */
    VmObserver() {
        thread = Thread.ofPlatform().daemon().name("observer").start(this::observe);
    }

    private void observe() {
        try (VmTalk guest = connect()) {
            while (!over) {
                long askedAt = Moment.now();
                VmTalk.Answer answer = guest.ask();
                synchronized (this) {
                    heard.add(new Heard(askedAt, Moment.now(), answer.number()));
                    boots.add(answer.boot());
                }
                TimeUnit.MILLISECONDS.sleep(ASK_MILLIS);
            }
        } catch (IOException e) {
            synchronized (this) {
                failure = over ? null : String.valueOf(e.getMessage());
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private VmTalk connect() throws IOException, InterruptedException {
        while (!over) {
            Optional<VmTalk> guest = VmTalk.tryToConnect(CONNECT_MAX);
            if (guest.isPresent()) {
                talk = guest.get();
                return guest.get();
            }
            TimeUnit.MILLISECONDS.sleep(ASK_MILLIS);
        }
        throw new InterruptedException("nobody waits for the guest any more");
    }

    /** All answers so far, in their order. */
    synchronized List<Heard> heard() {
        return List.copyOf(heard);
    }

    /** The same as requests of a client. */
    List<Operation> history() {
        List<Operation> history = new ArrayList<>();
        for (Heard each : heard()) {
            history.add(new Operation(
                    "outside",
                    history.size(),
                    Operation.Kind.READ,
                    0,
                    0,
                    0,
                    each.askedAt,
                    each.at,
                    Operation.Outcome.OK,
                    Operation.NO_SEQ,
                    List.of(each.number),
                    null));
        }
        return history;
    }

    /** The guest's boots, as it told them. */
    synchronized Set<String> boots() {
        return Set.copyOf(boots);
    }

    /** Why the connection is over, or null if it stands. */
    synchronized @Nullable String failure() {
        return failure;
    }

    @Override
    public void close() throws IOException {
        over = true;
        VmTalk open = talk;
        if (open != null) {
            open.close();
        }
        thread.interrupt();
    }
}
