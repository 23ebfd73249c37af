package dev.unwrite.machine.qemu;

import java.io.IOException;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * The arguments of QEMU that a user gives: one a line, the same on both hosts; empty lines and those that begin with # do not
 * count. What cannot be mirrored, or what the node sets itself, is refused here, before anything runs.
 *
 * @param arguments for QEMU, without its name
 * @param ramBytes the guest's memory
 * @param netdevs ids of the network backends
 * @param hash of the arguments: two hosts whose hashes differ do not run the same machine
 */
record GuestFile(List<String> arguments, long ramBytes, List<String> netdevs, String hash) {
    private static final long FILE_BYTES_MAX = 1 << 20;
    private static final long RAM_BYTES_MAX = 1L << 40;
    private static final String TYPE = "type=";
    private static final Pattern SIZE = Pattern.compile("(?:size=)?(\\d{1,9})([kKmMgGtT]?)");
    private static final Pattern ID = Pattern.compile("id=([A-Za-z][A-Za-z0-9._-]*)");
    private static final Pattern VERSIONED = Pattern.compile(".*-\\d+\\.\\d+(\\.\\d+)?");

    /** The node sets these, or they make no sense for a machine that moves. */
    private static final Set<String> OURS = Set.of(
            "-incoming",
            "-snapshot",
            "-loadvm",
            "-daemonize",
            "-qmp",
            "-qmp-pretty",
            "-mem-path",
            "-S",
            "-pidfile",
            "-preconfig",
            "-only-migratable",
            "-run-with");

    /** A disk that is written and is not a volume of the group would not go back with the others. */
    private static final Set<String> WRITTEN_DISKS =
            Set.of("-hda", "-hdb", "-hdc", "-hdd", "-fda", "-fdb", "-sd", "-pflash", "-mtdblock");

    /** These say whether they are written. */
    private static final Set<String> DISKS = Set.of("-drive", "-blockdev");

    /** What they add would not be seen here, nor count for the hash. */
    private static final Set<String> ELSEWHERE = Set.of("-readconfig", "-set");

    private static final Set<String> SHARES = Set.of("-virtfs", "-fsdev");
    private static final List<String> NOT_MIRRORED =
            List.of("vhost", "vfio", "9p", "virtiofs", "ivshmem", "nvdimm", "pc-dimm", "virtio-mem", "virtio-pmem");

    GuestFile {
        arguments = List.copyOf(arguments);
        netdevs = List.copyOf(netdevs);
    }

    /** Reads and checks the file; the message of what is thrown names the file, the argument, and what to do. */
    static GuestFile read(Path file) throws IOException {
        if (!Files.isRegularFile(file)) {
            throw new IOException(file + " is not a file; it has one argument of QEMU a line");
        }
        if (Files.size(file) > FILE_BYTES_MAX) {
            throw new IOException(file + " is larger than 1 MiB; it has one argument of QEMU a line");
        }
        try {
            return of(Files.readAllLines(file));
        } catch (CharacterCodingException e) {
            throw new IOException(file + " is not text in UTF-8; it has one argument of QEMU a line", e);
        } catch (IllegalArgumentException e) {
            throw new IOException(file + ": " + e.getMessage(), e);
        }
    }

    static GuestFile of(List<String> lines) {
        List<String> arguments = lines.stream()
                .map(String::strip)
                .filter(line -> !line.isEmpty() && !line.startsWith("#"))
                .toList();
        long ram = 0;
        String machine = "";
        List<String> netdevs = new ArrayList<>();
        for (int i = 0; i < arguments.size(); i++) {
            String option = canonical(arguments.get(i));
            String value = i + 1 < arguments.size() ? arguments.get(i + 1) : "";
            check(option, value);
            switch (option) {
                case "-m" -> ram = ram(value);
                case "-M", "-machine" -> machine = type(value).orElse(machine);
                case "-netdev" -> netdevs.add(id(value));
                default -> {}
            }
        }
        if (ram == 0) {
            throw new IllegalArgumentException("there is no -m; say how much memory the guest has, such as 256M");
        }
        if (!VERSIONED.matcher(machine).matches()) {
            throw new IllegalArgumentException(
                    "there is no machine type with a version; both hosts must make the same machine:"
                            + " say -machine, and on the next line a type such as pc-q35-7.2");
        }
        return new GuestFile(arguments, ram, netdevs, hash(arguments));
    }

    /** QEMU takes options with two dashes as well. */
    private static String canonical(String argument) {
        return argument.startsWith("--") ? argument.substring(1) : argument;
    }

    private static void check(String option, String value) {
        if (OURS.contains(option)) {
            throw refused(option, "the node decides that itself");
        }
        if (option.equals("-nic") || option.equals("-net")) {
            throw refused(option, "what the guest sends could not be held; use -netdev and -device");
        }
        if (ELSEWHERE.contains(option)) {
            throw refused(option, "all that QEMU is told stands here, one argument a line");
        }
        if (SHARES.contains(option)) {
            throw refused(option, "a folder of the host does not go back with the guest");
        }
        if (WRITTEN_DISKS.contains(option) || (DISKS.contains(option) && !isReadOnly(value))) {
            throw refused(
                    option + " " + value,
                    "a disk that is written must be a volume of the group (the node attaches those); others are read-only=on");
        }
        if (option.equals("-device") && value.contains("drive=unwrite-")) {
            throw refused(option + " " + value, "the node attaches the volumes itself");
        }
        if (option.equals("-object") && value.contains("memory-backend")) {
            throw refused("-object " + value, "the node makes the guest's memory");
        }
        if (List.of("-M", "-machine").contains(option) && value.contains("memory-backend")) {
            throw refused(option + " " + value, "the node makes the guest's memory");
        }
        if (List.of("-device", "-netdev", "-object", "-chardev", "-numa").contains(option)) {
            String asked = option.equals("-netdev") ? value.replaceFirst(",vhost=off(?=,|$)", "") : value;
            for (String word : NOT_MIRRORED) {
                if (asked.contains(word)) {
                    throw refused(option + " " + value, "what " + word + " holds is not part of the guest's state");
                }
            }
        }
    }

    private static IllegalArgumentException refused(String what, String why) {
        return new IllegalArgumentException(what + " cannot be here: " + why);
    }

    private static boolean isReadOnly(String value) {
        List<String> words = List.of(value.split(","));
        return words.contains("readonly=on") || words.contains("read-only=on") || words.contains("media=cdrom");
    }

    /** Of the machine, if it is said here: the first word, or that of type=. */
    private static Optional<String> type(String value) {
        List<String> words = List.of(value.split(","));
        return words.stream()
                .filter(word -> word.startsWith(TYPE))
                .map(word -> word.substring(TYPE.length()))
                .findFirst()
                .or(() -> Optional.of(words.getFirst()).filter(word -> !word.contains("=")));
    }

    private static long ram(String value) {
        Matcher size = SIZE.matcher(value);
        if (!size.matches()) {
            throw new IllegalArgumentException("-m " + value + " cannot be here: it is one size, such as 256M");
        }
        int shift = switch (size.group(2).toLowerCase(Locale.ROOT)) {
            case "k" -> 10;
            case "g" -> 30;
            case "t" -> 40;
            default -> 20;
        };
        long count = Long.parseLong(size.group(1));
        long bytes = count << shift;
        if (count > RAM_BYTES_MAX >> shift || bytes < 1 << 20 || bytes % (1 << 20) != 0) {
            throw new IllegalArgumentException("-m " + value + " cannot be here: it is whole MiB, at most 1 TiB");
        }
        return bytes;
    }

    private static String id(String netdev) {
        for (String word : netdev.split(",")) {
            Matcher id = ID.matcher(word);
            if (id.matches()) {
                return id.group(1);
            }
        }
        throw new IllegalArgumentException(
                "-netdev " + netdev + " has no id= with a letter, and letters, digits and ._- after it");
    }

    private static String hash(List<String> arguments) {
        try {
            MessageDigest digest = MessageDigest.getInstance("SHA-256");
            for (String argument : arguments) {
                digest.update((argument + "\n").getBytes(StandardCharsets.UTF_8));
            }
            return HexFormat.of().formatHex(digest.digest()).substring(0, 16);
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException(e);
        }
    }
}
