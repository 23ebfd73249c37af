package dev.unwrite.trace;

import dev.unwrite.files.PrivateFiles;
import java.io.Closeable;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.MappedByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.DirectoryStream;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Arrays;

/**
 * A file of lines that loses none when its process is killed: lines go into the page cache through a mapping, without a
 * system call. The file grows by a window of newlines at a time, so after a kill it ends with empty lines, and at most one line
 * is torn. Nothing is synced: a power cut may lose lines. Not thread-safe.
 */
final class TraceFile implements Closeable {
    /** A trace grows to this size and then ends with {@link #LIMIT_LINE}. */
    static final long LIMIT_BYTES = 1L << 30;
    /** The last line of a trace that grew too large. */
    static final String LIMIT_LINE = "{\"action\":\"TraceLimit\"}\n";

    private static final int WINDOW_BYTES = 1 << 18;
    private static final byte[] BLANK = blank();

    private final FileChannel channel;
    private final long limitBytes;
    private MappedByteBuffer window;
    /** Where the window begins in the file. */
    private long base;

    private boolean ended;

    private TraceFile(FileChannel channel, long limitBytes) throws IOException {
        this.channel = channel;
        this.limitBytes = limitBytes;
        this.window = map(0);
    }

    /**
     * Creates {@code DIR/<name>-<start>.ndjson}. {@code start} is raised until it is larger than that of all such files, so
     * that a later process has a larger number, whatever its clock says.
     */
    static Created create(Path dir, String name, long start, long limitBytes) throws IOException {
        PrivateFiles.createFolder(dir);
        for (long number = Math.max(start, last(dir, name) + 1); ; number++) {
            try {
                FileChannel channel = PrivateFiles.open(
                        dir.resolve(name + "-" + number + ".ndjson"),
                        StandardOpenOption.CREATE_NEW,
                        StandardOpenOption.READ,
                        StandardOpenOption.WRITE);
                return new Created(new TraceFile(channel, limitBytes), number);
            } catch (FileAlreadyExistsException e) {
                // Another trace began in the same microsecond.
            }
        }
    }

    private static long last(Path dir, String name) throws IOException {
        long last = 0;
        try (DirectoryStream<Path> files = Files.newDirectoryStream(dir, name + "-*.ndjson")) {
            for (Path file : files) {
                String text = String.valueOf(file.getFileName());
                String number = text.substring(name.length() + 1, text.length() - ".ndjson".length());
                if (number.matches("\\d{1,18}")) {
                    last = Math.max(last, Long.parseLong(number));
                }
            }
        }
        return last;
    }

    /** A new file and the number in its name. */
    record Created(TraceFile file, long number) {}

    /** Adds a line, which ends with a newline; after the limit, or once the disk is full, nothing. */
    void append(byte[] line, int length) throws IOException {
        if (ended) {
            return;
        }
        if (size() + length + LIMIT_LINE.length() > limitBytes) {
            ended = true;
            byte[] last = LIMIT_LINE.getBytes(StandardCharsets.US_ASCII);
            put(last, last.length);
            return;
        }
        try {
            put(line, length);
        } catch (IOException e) {
            ended = true;
            throw e;
        }
    }

    private void put(byte[] line, int length) throws IOException {
        int done = 0;
        while (done < length) {
            if (!window.hasRemaining()) {
                long next = base + WINDOW_BYTES;
                window = map(next);
                base = next;
            }
            int part = Math.min(length - done, window.remaining());
            window.put(line, done, part);
            done += part;
        }
    }

    private MappedByteBuffer map(long from) throws IOException {
        // Written, not only mapped: a full disk is an exception here, and not a fault at some later access.
        ByteBuffer blank = ByteBuffer.wrap(BLANK);
        while (blank.hasRemaining()) {
            channel.write(blank, from + blank.position());
        }
        return channel.map(FileChannel.MapMode.READ_WRITE, from, WINDOW_BYTES);
    }

    private long size() {
        return base + window.position();
    }

    @Override
    public void close() throws IOException {
        if (channel.isOpen()) {
            ended = true;
            try (channel) {
                channel.truncate(size());
            }
        }
    }

    private static byte[] blank() {
        byte[] bytes = new byte[WINDOW_BYTES];
        Arrays.fill(bytes, (byte) '\n');
        return bytes;
    }
}
