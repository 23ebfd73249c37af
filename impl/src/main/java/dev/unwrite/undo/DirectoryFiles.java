package dev.unwrite.undo;

import dev.unwrite.files.PrivateFiles;
import java.io.EOFException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.channels.OverlappingFileLockException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.stream.Stream;

/** {@link LogFiles} in a real folder. */
final class DirectoryFiles implements LogFiles {
    private static final String LOCK = "undo.lock";
    private static final String UNFINISHED = ".new";
    private static final int ZERO_BYTES = 1 << 20;

    private final Path folder;
    private final FileChannel lock;
    private final Set<FileChannel> opened = ConcurrentHashMap.newKeySet();

    private DirectoryFiles(Path folder, FileChannel lock) {
        this.folder = folder;
        this.lock = lock;
    }

    /** Creates the folder if need be, and locks it until {@link #close}. */
    static DirectoryFiles lock(Path folder) throws IOException {
        PrivateFiles.createFolder(folder);
        FileChannel channel =
                PrivateFiles.open(folder.resolve(LOCK), StandardOpenOption.CREATE, StandardOpenOption.WRITE);
        boolean locked = false;
        try {
            locked = channel.tryLock() != null;
        } catch (OverlappingFileLockException e) {
            locked = false;
        } finally {
            if (!locked) {
                channel.close();
            }
        }
        if (!locked) {
            throw new UndoLogException("the undo log " + folder + " is in use by another node; stop that one first");
        }
        DirectoryFiles files = new DirectoryFiles(folder, channel);
        files.deleteUnfinished();
        return files;
    }

    @Override
    public List<String> names() throws IOException {
        try (Stream<Path> paths = Files.list(folder)) {
            return paths.map(path -> path.getFileName().toString())
                    .filter(name -> !name.equals(LOCK))
                    .sorted()
                    .toList();
        }
    }

    @Override
    public SegmentFile open(String name) throws IOException {
        FileChannel channel = FileChannel.open(folder.resolve(name), StandardOpenOption.READ, StandardOpenOption.WRITE);
        opened.add(channel);
        return new ChannelFile(name, channel, channel.size(), opened);
    }

    @Override
    public SegmentFile create(String name, long bytes, ByteBuffer start) throws IOException {
        Path unfinished = folder.resolve(name + UNFINISHED);
        try {
            try (FileChannel channel = PrivateFiles.open(
                    unfinished,
                    StandardOpenOption.CREATE,
                    StandardOpenOption.TRUNCATE_EXISTING,
                    StandardOpenOption.WRITE)) {
                fill(channel, bytes, start);
                channel.force(true);
            }
            Files.move(unfinished, folder.resolve(name), StandardCopyOption.ATOMIC_MOVE);
        } catch (IOException e) {
            Files.deleteIfExists(unfinished);
            throw e;
        }
        syncFolder();
        return open(name);
    }

    /** Zeroes are really written: an extent that is only reserved would change the file's metadata at each append. */
    private static void fill(FileChannel channel, long bytes, ByteBuffer start) throws IOException {
        while (start.hasRemaining()) {
            channel.write(start);
        }
        ByteBuffer zeroes = ByteBuffer.allocateDirect(ZERO_BYTES);
        while (channel.position() < bytes) {
            zeroes.clear().limit((int) Math.min(ZERO_BYTES, bytes - channel.position()));
            channel.write(zeroes);
        }
    }

    @Override
    public void delete(String name) throws IOException {
        Files.deleteIfExists(folder.resolve(name));
    }

    @Override
    public String describe(String name) {
        return folder.resolve(name).toString();
    }

    @Override
    public void close() throws IOException {
        for (FileChannel channel : opened) {
            channel.close();
        }
        lock.close();
    }

    private void deleteUnfinished() throws IOException {
        for (String name : names()) {
            if (name.endsWith(UNFINISHED)) {
                delete(name);
            }
        }
    }

    @Override
    public void syncFolder() throws IOException {
        try (FileChannel channel = FileChannel.open(folder, StandardOpenOption.READ)) {
            channel.force(true);
        }
    }

    private record ChannelFile(String name, FileChannel channel, long size, Set<FileChannel> opened)
            implements SegmentFile {
        @Override
        public void read(long offset, ByteBuffer target) throws IOException {
            long position = offset;
            while (target.hasRemaining()) {
                int count = channel.read(target, position);
                if (count < 0) {
                    throw new EOFException(name + " ends at " + position);
                }
                position += count;
            }
        }

        @Override
        public void write(long offset, ByteBuffer source) throws IOException {
            long position = offset;
            while (source.hasRemaining()) {
                position += channel.write(source, position);
            }
        }

        @Override
        public void sync() throws IOException {
            channel.force(false);
        }

        @Override
        public void close() throws IOException {
            opened.remove(channel);
            channel.close();
        }
    }
}
