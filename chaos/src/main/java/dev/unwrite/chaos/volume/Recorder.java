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

    private Recorder(BufferedWriter out) {
        this.out = out;
    }

    /** Begins a new file; an old one of that name is lost. A load that is killed leaves most of its history. */
    static Recorder start(Path file) throws IOException {
        Recorder recorder = new Recorder(Files.newBufferedWriter(file));
        Thread.ofVirtual().start(recorder::keep);
        return recorder;
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

    private void keep() {
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
