package dev.unwrite.chaos.vm;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Map;
import java.util.NavigableMap;
import java.util.OptionalLong;
import java.util.TreeMap;
import java.util.stream.Stream;
import java.util.zip.CRC32C;

/**
 * Compares, page by page, the memory that a guest had when it stood still for a cut with what the other host has of it: the image
 * of the checkpoint, and the memory with which the guest goes on there. The nodes write down the former and the latter
 * ({@code -Dunwrite.guest.pages}).
 */
final class GuestPages {
    private static final int PAGE = 4096;
    /** The image begins with a page that is not memory. */
    private static final int BEFORE = PAGE;

    private final Path folder;

    /** {@code folder} has what a node wrote down. */
    GuestPages(Path folder) {
        this.folder = folder;
    }

    /** What a node is to be started with, so that it writes there. */
    String property() {
        return "-Dunwrite.guest.pages=" + folder;
    }

    /**
     * The cut of that number or a later one whose memory an image has, every page alike; none if there is no such cut, as while
     * the image is being made that of another.
     */
    OptionalLong imageOf(Path image, long atLeast) throws IOException {
        NavigableMap<Long, byte[]> cuts = cuts().tailMap(atLeast, true);
        return cuts.isEmpty()
                ? OptionalLong.empty()
                : alike(cuts, sums(image, cuts.firstEntry().getValue().length));
    }

    /** What was written down of each cut. */
    private NavigableMap<Long, byte[]> cuts() throws IOException {
        NavigableMap<Long, byte[]> cuts = new TreeMap<>();
        try (Stream<Path> files = Files.list(folder)) {
            for (Path file : files.toList()) {
                String name = file.getFileName().toString();
                if (name.matches("cut-\\d+")) {
                    cuts.put(Long.parseLong(name.substring("cut-".length())), Files.readAllBytes(file));
                }
            }
        }
        return cuts;
    }

    /** Removes what was written down of cuts; nobody writes there now. */
    void forget() throws IOException {
        try (Stream<Path> files = Files.list(folder)) {
            for (Path file : files.toList()) {
                if (file.getFileName().toString().startsWith("cut-")) {
                    Files.delete(file);
                }
            }
        }
    }

    private static OptionalLong alike(Map<Long, byte[]> cuts, byte[] sums) {
        return cuts.entrySet().stream()
                .filter(cut -> Arrays.equals(cut.getValue(), sums))
                .mapToLong(Map.Entry::getKey)
                .findFirst();
    }

    private static byte[] sums(Path image, int bytes) throws IOException {
        ByteBuffer sums = ByteBuffer.allocate(bytes);
        ByteBuffer page = ByteBuffer.allocate(PAGE);
        CRC32C crc = new CRC32C();
        try (FileChannel channel = FileChannel.open(image)) {
            for (long number = 0; sums.hasRemaining(); number++) {
                page.clear();
                int count = 0;
                while (page.hasRemaining() && count >= 0) {
                    count = channel.read(page, BEFORE + number * PAGE + page.position());
                }
                crc.reset();
                crc.update(page.flip());
                sums.putInt((int) crc.getValue());
            }
        }
        return sums.array();
    }

    /**
     * The cut, as {@code at} wrote it down, with whose memory the guest goes on here, every page alike; none if there is no such
     * cut.
     */
    OptionalLong resumedFrom(GuestPages at) throws IOException {
        return alike(at.cuts(), Files.readAllBytes(folder.resolve("resumed")));
    }
}
