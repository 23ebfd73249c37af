package dev.unwrite.storage;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/** What Linux says of a block device. */
final class BlockDevices {
    /** Where the name that the maker, or whoever made it, gave it may stand; the first that is there counts. */
    private static final List<String> NAMES =
            List.of("wwid", "device/wwid", "dm/uuid", "md/uuid", "serial", "device/serial", "loop/backing_file");

    private static final Path SYSTEM = Path.of("/sys/dev/block");

    private BlockDevices() {}

    /** A name that stays with the device, whatever its path and number become; empty if it has none. */
    static String name(long rdev) throws IOException {
        return name(SYSTEM, rdev);
    }

    static String name(Path system, long rdev) throws IOException {
        long major = ((rdev >>> 8) & 0xfff) | ((rdev >>> 32) & ~0xfffL);
        long minor = (rdev & 0xff) | ((rdev >>> 12) & ~0xffL);
        Path device = system.resolve(major + ":" + minor);
        if (!Files.exists(device)) {
            return "";
        }
        Path folder = device.toRealPath();
        String partition = line(folder.resolve("partition"));
        String name = given(partition.isEmpty() ? folder : folder.resolve(".."));
        return name.isEmpty() || partition.isEmpty() ? name : name + "/" + partition;
    }

    private static String given(Path folder) {
        for (String each : NAMES) {
            String name = line(folder.resolve(each));
            if (!name.isEmpty()) {
                return each + ":" + name;
            }
        }
        return "";
    }

    private static String line(Path file) {
        try {
            return Files.readString(file).strip();
        } catch (IOException e) {
            // Most devices have only one of them.
            return "";
        }
    }
}
