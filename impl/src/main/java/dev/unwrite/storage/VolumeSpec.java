package dev.unwrite.storage;

import dev.unwrite.nbd.NbdUri;
import dev.unwrite.protocol.Extent;
import java.util.OptionalLong;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * One volume as it is configured: {@code GROUP/NAME=BACKEND[,size=1G]}.
 *
 * @param backend a path, or an NBD URI
 * @param size of a file that is to be created, in bytes
 */
public record VolumeSpec(String group, String name, String backend, OptionalLong size) {
    private static final Pattern SYNTAX = Pattern.compile("([^/=]*)/([^/=]*)=(.+?)(?:,size=([^,]*))?");
    private static final Pattern SIZE = Pattern.compile("([1-9][0-9]{0,18})([KMGT]?)", Pattern.CASE_INSENSITIVE);
    /** The largest volume, in bytes: 1 PiB, far below where offsets overflow. */
    private static final long SIZE_BYTES_MAX = 1L << 50;

    /** Reads the form above; throws {@link IllegalArgumentException} with one line. */
    public static VolumeSpec parse(String text) {
        Matcher matcher = SYNTAX.matcher(text);
        if (!matcher.matches()) {
            throw new IllegalArgumentException(
                    "volume \"" + text + "\" is not GROUP/NAME=BACKEND[,size=1G], as in vm1/disk=disk.img,size=1G");
        }
        String size = matcher.group(4);
        if (size != null) {
            checkBlocks(parseSize(size));
        }
        return new VolumeSpec(
                Names.check("group", matcher.group(1)),
                Names.check("volume", matcher.group(2)),
                matcher.group(3),
                size == null ? OptionalLong.empty() : OptionalLong.of(parseSize(size)));
    }

    /** Throws {@link IllegalArgumentException} with one line unless it is a whole number of blocks. */
    private static void checkBlocks(long bytes) {
        long rest = bytes % Extent.BLOCK_BYTES;
        if (rest != 0) {
            throw new IllegalArgumentException("size " + bytes + " is no multiple of " + Extent.BLOCK_BYTES
                    + ": say size=" + (bytes - rest + Extent.BLOCK_BYTES));
        }
    }

    /** A number of bytes with an optional suffix K, M, G or T (powers of 1024). */
    static long parseSize(String text) {
        if (text.matches("0+[A-Za-z]?")) {
            throw new IllegalArgumentException("size " + text + " is nothing: a volume has 4K or more");
        }
        Matcher matcher = SIZE.matcher(text);
        if (!matcher.matches()) {
            throw new IllegalArgumentException("size \"" + text + "\" is not a number with K, M, G or T, as in 1G");
        }
        int shift = 10
                * " KMGT"
                        .indexOf(
                                matcher.group(2).isEmpty()
                                        ? ' '
                                        : Character.toUpperCase(matcher.group(2).charAt(0)));
        long number;
        try {
            number = Long.parseLong(matcher.group(1));
        } catch (NumberFormatException e) {
            number = Long.MAX_VALUE;
        }
        if (number > SIZE_BYTES_MAX >> shift) {
            throw new IllegalArgumentException("size " + text + " is above the limit of 1024T");
        }
        return number << shift;
    }

    /** The name of its export. */
    public String export() {
        return group + "/" + name;
    }

    /** The export of another server that it lies in; null for a file or a device. */
    @Nullable
    NbdUri uri() throws StorageSetupException {
        if (!backend.matches("(nbd|nbds)(\\+unix)?:.*")) {
            return null;
        }
        if (size.isPresent()) {
            throw new StorageSetupException("the size of " + backend + " is its server's: leave ,size= away");
        }
        try {
            return NbdUri.parse(backend);
        } catch (IllegalArgumentException e) {
            throw new StorageSetupException(String.valueOf(e.getMessage()), e);
        }
    }
}
