package dev.unwrite.files;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.channels.Channels;
import java.nio.channels.FileChannel;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.OpenOption;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.FileAttribute;
import java.nio.file.attribute.PosixFilePermission;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;

/**
 * Makes files that only their user reads (0600), and folders that only he enters (0700), whatever his umask is: in them are
 * a machine's memory and its disk. They are so from the first moment, not closed afterwards.
 */
public final class PrivateFiles {
    private static final Set<PosixFilePermission> FOLDER = PosixFilePermissions.fromString("rwx------");
    private static final FileAttribute<?> FILE_RIGHTS =
            PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-------"));
    private static final FileAttribute<?> FOLDER_RIGHTS = PosixFilePermissions.asFileAttribute(FOLDER);
    /** One of these is in each data folder that was used before. */
    private static final List<String> OWN = List.of("node.json", "boot.json", "undo", "checkpoint", "lock");

    private static final int STICKY = 0x200;

    private PrivateFiles() {}

    /** Creates the folder and those above it that are absent; one that is there stays as it is. */
    public static Path createFolder(Path folder) throws IOException {
        return Files.createDirectories(folder, FOLDER_RIGHTS);
    }

    /** As above; returns those that were not there, the deepest first, so that they can be removed again. */
    public static List<Path> createFolders(Path folder) throws IOException {
        List<Path> missing = new ArrayList<>();
        for (Path each = folder.toAbsolutePath(); each != null && !Files.exists(each); each = each.getParent()) {
            missing.add(each);
        }
        createFolder(folder);
        return missing;
    }

    /**
     * Closes a data folder to others; true if it was open to them. One that is not there is left alone, and so is one that
     * holds other things only: it may be a folder that is meant to be shared, named by mistake.
     */
    public static boolean closeToOthers(Path folder) throws IOException {
        if (!Files.isDirectory(folder) || !isOurs(folder)) {
            return false;
        }
        Set<PosixFilePermission> rights = Files.getPosixFilePermissions(folder);
        if (FOLDER.containsAll(rights)) {
            return false;
        }
        Files.setPosixFilePermissions(folder, FOLDER);
        return true;
    }

    private static boolean isOurs(Path folder) throws IOException {
        if ((((Number) Files.getAttribute(folder, "unix:mode")).intValue() & STICKY) != 0) {
            return false;
        }
        for (String name : OWN) {
            if (Files.exists(folder.resolve(name))) {
                return true;
            }
        }
        try (DirectoryStream<Path> content = Files.newDirectoryStream(folder)) {
            return !content.iterator().hasNext();
        }
    }

    /** As {@link FileChannel#open}; if that creates the file, it is private. */
    public static FileChannel open(Path file, OpenOption... options) throws IOException {
        return FileChannel.open(file, Set.of(options), FILE_RIGHTS);
    }

    /**
     * Replaces the file as a whole by a private one. On return the new content is durable under the name; before, and after a
     * stop at any moment, the old or the new one is there, whole.
     */
    public static void replace(Path file, InputStream content) throws IOException {
        Path part = file.resolveSibling(file.getFileName() + ".part");
        copy(content, part);
        sync(part, StandardOpenOption.WRITE);
        Files.move(part, file, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
        sync(file.toAbsolutePath().resolveSibling(""), StandardOpenOption.READ);
    }

    /** On return the file, or the names in the folder, are durable. */
    public static void sync(Path path, OpenOption mode) throws IOException {
        try (FileChannel channel = FileChannel.open(path, mode)) {
            channel.force(true);
        }
    }

    /** A private file with this content, in place of what was there. */
    public static void copy(InputStream content, Path file) throws IOException {
        Files.deleteIfExists(file);
        try (FileChannel channel = open(file, StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE);
                OutputStream out = Channels.newOutputStream(channel)) {
            content.transferTo(out);
        }
    }
}
