package dev.unwrite.chaos.campaign;

import dev.unwrite.chaos.cluster.HostId;
import dev.unwrite.chaos.cluster.SeenStatus;
import dev.unwrite.chaos.cluster.Watcher;
import dev.unwrite.chaos.volume.VolumeState;
import java.io.Closeable;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.Map;
import java.util.TreeMap;

/**
 * Looks, in each term, at the state that the new primary found for its machine. It lies on the disk of that host, which
 * clients do not see; for those who need it, what it says is laid into a folder that all can see, as a file whose name is the
 * term. Thread-safe.
 */
final class StateKeeper implements Closeable {
    private static final long EVERY_MILLIS = 20;

    private final Pair pair;
    private final Watcher watcher;
    private final boolean shows;
    private final Map<Long, String> lines = new TreeMap<>();
    private volatile boolean stopping;
    private final Thread thread;

    private StateKeeper(Pair pair, Watcher watcher, boolean shows) {
        this.pair = pair;
        this.watcher = watcher;
        this.shows = shows;
        this.thread = Thread.ofPlatform().daemon().name("states").unstarted(this::run);
    }

    /** Where clients find the lines of a pair. */
    static Path folder(Pair pair) {
        return pair.witness().resolve("states");
    }

    /** Starts to look. */
    static StateKeeper start(Pair pair, Watcher watcher) {
        return start(new StateKeeper(pair, watcher, false));
    }

    /** Starts to look, and to show it to the clients. */
    static StateKeeper showing(Pair pair, Watcher watcher) {
        return start(new StateKeeper(pair, watcher, true));
    }

    private static StateKeeper start(StateKeeper keeper) {
        keeper.thread.start();
        return keeper;
    }

    private void run() {
        while (!stopping) {
            for (HostId host : HostId.values()) {
                look(host);
            }
            try {
                Thread.sleep(EVERY_MILLIS);
            } catch (InterruptedException e) {
                return;
            }
        }
    }

    private void look(HostId host) {
        SeenStatus seen = watcher.last(host);
        if (!seen.isPrimary() || knows(seen.term())) {
            return;
        }
        Path file = pair.state(host);
        String line;
        try {
            line = Files.exists(file) ? VolumeState.lineOf(Files.readString(file)) : "";
        } catch (IOException e) {
            return;
        }
        // The file is replaced only by a takeover: the same term before and after means that it is of this one.
        SeenStatus now = pair.status(host);
        if (now.isPrimary() && now.term() == seen.term()) {
            if (shows) {
                show(seen.term(), line);
            }
            synchronized (lines) {
                lines.put(seen.term(), line);
            }
        }
    }

    /** Whoever finds the file finds all of it. */
    private void show(long term, String line) {
        try {
            Path folder = Files.createDirectories(folder(pair));
            Path part = Files.writeString(folder.resolve(term + ".part"), line);
            Files.move(part, folder.resolve(Long.toString(term)), StandardCopyOption.ATOMIC_MOVE);
        } catch (IOException e) {
            throw new UncheckedIOException("cannot lay down what host and clients have to know", e);
        }
    }

    private boolean knows(long term) {
        synchronized (lines) {
            return lines.containsKey(term);
        }
    }

    /** What was seen, by term. */
    Map<Long, String> lines() {
        synchronized (lines) {
            return Map.copyOf(lines);
        }
    }

    @Override
    public void close() {
        stopping = true;
        thread.interrupt();
    }
}
