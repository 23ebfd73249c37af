package dev.unwrite.chaos.vm;

import java.io.Closeable;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.util.Locale;

/** Writes an archive as Linux takes it for its first file system: format "newc" of cpio, everything owned by root. */
final class Cpio implements Closeable {
    private static final int FILE = 0100000;
    private static final int FOLDER = 0040000;
    private static final int ALIGNMENT = 4;

    private final OutputStream out;
    private int entries;

    Cpio(OutputStream out) {
        this.out = out;
    }

    /** A name has no slash at its start; the folders above were added before. */
    void folder(String name) throws IOException {
        entry(name, FOLDER | 0755, new byte[0]);
    }

    void file(String name, int rights, byte[] contents) throws IOException {
        entry(name, FILE | rights, contents);
    }

    private void entry(String name, int mode, byte[] contents) throws IOException {
        byte[] path = (name + "\0").getBytes(StandardCharsets.UTF_8);
        entries++;
        int links = (mode & FOLDER) != 0 ? 2 : 1;
        int[] fields = {entries, mode, 0, 0, links, 0, contents.length, 0, 0, 0, 0, path.length, 0};
        StringBuilder head = new StringBuilder("070701");
        for (int field : fields) {
            head.append(String.format(Locale.ROOT, "%08X", field));
        }
        out.write(head.toString().getBytes(StandardCharsets.US_ASCII));
        out.write(path);
        pad(head.length() + path.length);
        out.write(contents);
        pad(contents.length);
    }

    private void pad(int written) throws IOException {
        out.write(new byte[Math.floorMod(-written, ALIGNMENT)]);
    }

    @Override
    public void close() throws IOException {
        entry("TRAILER!!!", 0, new byte[0]);
        out.close();
    }
}
