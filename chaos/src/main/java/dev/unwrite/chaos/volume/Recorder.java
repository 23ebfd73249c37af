package dev.unwrite.chaos.volume;

import java.io.BufferedWriter;
import java.io.Closeable;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;

/** Writes a history as it happens. Thread-safe. */
final class Recorder implements Closeable {
    private static final long FLUSH_EVERY_MILLIS = 500;

    private final BufferedWriter out;
    private long events;

    /** Begins a new file; an old one of that name is lost. */
    Recorder(Path file) throws IOException {
        out = Files.newBufferedWriter(file);
    }

    /** A history with a hole would be judged wrongly, so a load whose history cannot be written ends. */
    synchronized void add(VolumeEvent event) {
        try {
            out.write(event.json());
            out.write('\n');
            events++;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** From now on, a load that is killed leaves most of its history. */
    void keep() {
        Thread.ofVirtual().start(() -> {
            try {
                while (true) {
                    Thread.sleep(FLUSH_EVERY_MILLIS);
                    flush();
                }
            } catch (IOException e) {
                // It is closed.
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
            }
        });
    }

    synchronized long events() {
        return events;
    }

    private synchronized void flush() throws IOException {
        out.flush();
    }

    @Override
    public synchronized void close() throws IOException {
        out.close();
    }
}
