package dev.unwrite.storage;

import dev.unwrite.nbd.NbdUri;
import java.io.IOException;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;

/**
 * What lies behind a volume as it is configured, before it is opened.
 *
 * @param spec how it is configured
 * @param mark what tells it again; null for a file that is not there
 * @param spots where it is now: two volumes that share one share their backend
 */
record Found(VolumeSpec spec, @Nullable BackendMark mark, Set<String> spots) {
    private static final int TYPE_MASK = 0170000;
    private static final int TYPE_FILE = 0100000;
    private static final int TYPE_DEVICE = 0060000;

    /** Looks; throws {@link StorageSetupException} with one line for what can be no backend. */
    static Found look(VolumeSpec spec) throws IOException {
        NbdUri uri = spec.uri();
        return uri == null ? file(spec) : remote(spec, uri);
    }

    private static Found file(VolumeSpec spec) throws IOException {
        Path path = Path.of(spec.backend());
        if (!Files.exists(path)) {
            if (Files.isSymbolicLink(path)) {
                throw new StorageSetupException(path + " is a link to nowhere: mend it, or remove it");
            }
            return new Found(spec, null, Set.of("path " + canonical(path)));
        }
        Path real = path.toRealPath();
        Map<String, Object> attributes = attributes(real);
        int type = (int) number(attributes, "mode") & TYPE_MASK;
        if (type == TYPE_DEVICE) {
            long rdev = number(attributes, "rdev");
            String given = path.toAbsolutePath().normalize().toString();
            BackendMark mark = new BackendMark(BackendMark.Kind.DEVICE, given, BlockDevices.name(rdev), "");
            return new Found(spec, mark, Set.of("device " + rdev));
        }
        if (type != TYPE_FILE) {
            throw new StorageSetupException(
                    Files.isDirectory(real)
                            ? path + " is a folder: name a file in it"
                            : path + " is neither a file nor a block device");
        }
        BackendMark mark = new BackendMark(
                BackendMark.Kind.FILE,
                real.toString(),
                Long.toString(number(attributes, "ino")),
                made(real, attributes));
        return new Found(spec, mark, Set.of("inode " + number(attributes, "dev") + " " + mark.id()));
    }

    private static long number(Map<String, Object> attributes, String name) {
        return ((Number) Objects.requireNonNull(attributes.get(name), name)).longValue();
    }

    private static Map<String, Object> attributes(Path real) throws IOException {
        return Files.readAttributes(real, "unix:mode,ino,dev,rdev,creationTime,lastModifiedTime");
    }

    /**
     * Where the file system does not know when a file was created, Java gives the time of its last change. Both are the same
     * of a new file, too, but hardly of the folder that it is in.
     */
    private static String made(Path real, Map<String, Object> attributes) throws IOException {
        Path folder = real.getParent();
        boolean known = isDated(attributes);
        if (!known && folder != null) {
            Map<String, Object> above = attributes(folder);
            known = number(above, "dev") == number(attributes, "dev") && isDated(above);
        }
        return known ? String.valueOf(attributes.get("creationTime")) : "";
    }

    private static boolean isDated(Map<String, Object> attributes) {
        return !Objects.equals(attributes.get("creationTime"), attributes.get("lastModifiedTime"));
    }

    /** The canonical path, also of what is not there, where its folder is. */
    private static Path canonical(Path path) throws IOException {
        Path plain = path.toAbsolutePath().normalize();
        Path folder = plain.getParent();
        if (Files.exists(path)) {
            return path.toRealPath();
        }
        return folder != null && Files.isDirectory(folder) ? folder.toRealPath().resolve(plain.getFileName()) : plain;
    }

    private static Found remote(VolumeSpec spec, NbdUri uri) throws IOException {
        String socket = uri.socket();
        if (socket != null) {
            NbdUri named = NbdUri.unix(canonical(Path.of(socket)), uri.export());
            return new Found(spec, nbd(named), Set.of(named.toString()));
        }
        NbdUri named = NbdUri.tcp(uri.host().toLowerCase(Locale.ROOT), uri.port(), uri.export());
        Set<String> spots = new TreeSet<>(Set.of(named.toString()));
        try {
            for (InetAddress address : InetAddress.getAllByName(named.host())) {
                spots.add(NbdUri.tcp(address.getHostAddress(), uri.port(), uri.export())
                        .toString());
            }
        } catch (UnknownHostException e) {
            // Opening it will say so.
        }
        return new Found(spec, nbd(named), spots);
    }

    private static BackendMark nbd(NbdUri uri) {
        return new BackendMark(BackendMark.Kind.NBD, uri.toString(), "", "");
    }
}
