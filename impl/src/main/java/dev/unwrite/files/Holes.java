package dev.unwrite.files;

import java.io.Closeable;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemoryLayout;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.SymbolLookup;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.channels.ClosedChannelException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.NoSuchElementException;
import java.util.concurrent.locks.ReadWriteLock;
import java.util.concurrent.locks.ReentrantReadWriteLock;
import org.jspecify.annotations.Nullable;

/**
 * The holes of a file, and what of it is in memory: what Linux can do and Java cannot. For any number of threads.
 *
 * <p>It has a file descriptor of its own. To close any descriptor of a file drops all locks that the process has on that
 * file, so this is closed after the channel that holds them.
 */
public final class Holes implements Closeable {
    private static final int O_RDWR = 2;
    private static final int O_CLOEXEC = 0x80000;
    private static final int SEEK_DATA = 3;
    private static final int SEEK_HOLE = 4;
    private static final int KEEP_SIZE = 1;
    private static final int PUNCH_HOLE = 2;
    private static final int ZERO_RANGE = 0x10;
    private static final int DONTNEED = 4;

    private static final int EINTR = 4;
    private static final int ENXIO = 6;
    private static final int EINVAL = 22;
    private static final int ENOSYS = 38;
    private static final int EOPNOTSUPP = 95;

    private final int descriptor;
    /** Held by those who use the descriptor: once it is closed, its number may be that of any other file. */
    private final ReadWriteLock use = new ReentrantReadWriteLock();

    private boolean closed;

    private Holes(int descriptor) {
        this.descriptor = descriptor;
    }

    /** Null where there is no way to do it: another system, native access that is denied, a file that cannot be opened. */
    public static @Nullable Holes open(Path file) {
        if (!Native.AVAILABLE) {
            return null;
        }
        try (Arena arena = Arena.ofConfined()) {
            int descriptor = (int) Native.OPEN.invokeExact(
                    Native.errno(arena), arena.allocateFrom(file.toString()), O_RDWR | O_CLOEXEC);
            Holes holes = descriptor < 0 ? null : new Holes(descriptor);
            if (holes != null && !Files.exists(holes.path())) {
                holes.close();
                return null;
            }
            return holes;
        } catch (Throwable e) {
            throw unexpected(e);
        }
    }

    /** A name under which this very file can be opened again, whatever happens to its own name. */
    public Path path() {
        return Path.of("/proc/self/fd/" + descriptor);
    }

    /** Makes the range read as zeroes and frees its space. False if the file system cannot, and then nothing was done. */
    public boolean punch(long offset, long length) throws IOException {
        return allocate(PUNCH_HOLE | KEEP_SIZE, offset, length);
    }

    /** Makes the range read as zeroes and keeps, or takes, space for it. False if the file system cannot. */
    public boolean zero(long offset, long length) throws IOException {
        return allocate(ZERO_RANGE | KEEP_SIZE, offset, length);
    }

    private boolean allocate(int mode, long offset, long length) throws IOException {
        use.readLock().lock();
        try (Arena arena = Arena.ofConfined()) {
            checkOpen();
            MemorySegment errno = Native.errno(arena);
            while ((int) Native.FALLOCATE.invokeExact(errno, descriptor, mode, offset, length) != 0) {
                int why = (int) Native.ERRNO.get(errno, 0L);
                if (why == EOPNOTSUPP || why == ENOSYS || why == EINVAL) {
                    return false;
                }
                if (why != EINTR) {
                    throw new IOException("zeroing failed (errno " + why + ")");
                }
            }
            return true;
        } catch (IOException e) {
            throw e;
        } catch (Throwable e) {
            throw unexpected(e);
        } finally {
            use.readLock().unlock();
        }
    }

    /** Where, from {@code at} on, the next data begins; {@code end} if there is none before it, or no more at all. */
    public long nextData(long at, long end) throws IOException {
        return Math.min(end, seek(at, SEEK_DATA, end));
    }

    /**
     * The same of the next hole, from data on. Somebody else may just have made a hole of it: a byte of it still counts as data,
     * so that who looks through a file gets on.
     */
    public long nextHole(long at, long end) throws IOException {
        return Math.min(end, Math.max(seek(at, SEEK_HOLE, end), at + 1));
    }

    /** Where the next data, or the next hole, begins; {@code none} if there is no more. */
    private long seek(long offset, int whence, long none) throws IOException {
        use.readLock().lock();
        try (Arena arena = Arena.ofConfined()) {
            checkOpen();
            MemorySegment errno = Native.errno(arena);
            long found = (long) Native.LSEEK.invokeExact(errno, descriptor, offset, whence);
            if (found >= 0) {
                return found;
            }
            int why = (int) Native.ERRNO.get(errno, 0L);
            if (why == ENXIO) {
                return none;
            }
            // A device that does not tell: all of it is data.
            if (why == EINVAL || why == EOPNOTSUPP) {
                return whence == SEEK_DATA ? offset : none;
            }
            throw new IOException("looking for holes failed (errno " + why + ")");
        } catch (IOException e) {
            throw e;
        } catch (Throwable e) {
            throw unexpected(e);
        } finally {
            use.readLock().unlock();
        }
    }

    /**
     * Forgets what of the file is in memory and not waiting to be written, so that the next read sees what the disk has: after a
     * sync that failed, pages that could not be written count as written. Best effort; file systems without a disk keep theirs.
     */
    public void forgetCached() {
        use.readLock().lock();
        try (Arena arena = Arena.ofConfined()) {
            if (!closed) {
                // What it returns is no help to anybody: the next reads see what they see.
                int ignored = (int) Native.FADVISE.invokeExact(Native.errno(arena), descriptor, 0L, 0L, DONTNEED);
            }
        } catch (Throwable e) {
            throw unexpected(e);
        } finally {
            use.readLock().unlock();
        }
    }

    private void checkOpen() throws ClosedChannelException {
        if (closed) {
            throw new ClosedChannelException();
        }
    }

    @Override
    public void close() {
        use.writeLock().lock();
        try (Arena arena = Arena.ofConfined()) {
            if (!closed) {
                closed = true;
                // Nothing waits to be written through this descriptor, so there is nothing that its close could report.
                int ignored = (int) Native.CLOSE.invokeExact(Native.errno(arena), descriptor);
            }
        } catch (Throwable e) {
            throw unexpected(e);
        } finally {
            use.writeLock().unlock();
        }
    }

    private static RuntimeException unexpected(Throwable e) {
        if (e instanceof Error error) {
            throw error;
        }
        return new IllegalStateException("a call of the system that cannot fail has failed", e);
    }

    /** The functions of the C library; only looked for where the file is one of Linux on 64 bits. */
    private static final class Native {
        static final MemoryLayout STATE = Linker.Option.captureStateLayout();
        static final VarHandle ERRNO = STATE.varHandle(MemoryLayout.PathElement.groupElement("errno"));

        private static final boolean LINUX =
                System.getProperty("os.name", "").equals("Linux") && ValueLayout.ADDRESS.byteSize() == Long.BYTES;
        static final MethodHandle OPEN;
        static final MethodHandle FALLOCATE;
        static final MethodHandle LSEEK;
        static final MethodHandle FADVISE;
        static final MethodHandle CLOSE;
        static final boolean AVAILABLE;

        static {
            MethodHandle none = MethodHandles.constant(Object.class, null);
            MethodHandle open = none;
            MethodHandle fallocate = none;
            MethodHandle lseek = none;
            MethodHandle fadvise = none;
            MethodHandle close = none;
            boolean available = false;
            if (LINUX) {
                try {
                    open = function(
                            "open",
                            FunctionDescriptor.of(ValueLayout.JAVA_INT, ValueLayout.ADDRESS, ValueLayout.JAVA_INT));
                    fallocate = function(
                            "fallocate",
                            FunctionDescriptor.of(
                                    ValueLayout.JAVA_INT,
                                    ValueLayout.JAVA_INT,
                                    ValueLayout.JAVA_INT,
                                    ValueLayout.JAVA_LONG,
                                    ValueLayout.JAVA_LONG));
                    lseek = function(
                            "lseek",
                            FunctionDescriptor.of(
                                    ValueLayout.JAVA_LONG,
                                    ValueLayout.JAVA_INT,
                                    ValueLayout.JAVA_LONG,
                                    ValueLayout.JAVA_INT));
                    fadvise = function(
                            "posix_fadvise",
                            FunctionDescriptor.of(
                                    ValueLayout.JAVA_INT,
                                    ValueLayout.JAVA_INT,
                                    ValueLayout.JAVA_LONG,
                                    ValueLayout.JAVA_LONG,
                                    ValueLayout.JAVA_INT));
                    close = function("close", FunctionDescriptor.of(ValueLayout.JAVA_INT, ValueLayout.JAVA_INT));
                    available = true;
                } catch (IllegalCallerException | UnsupportedOperationException | NoSuchElementException e) {
                    // Denied to this process, or not there: zeroes are written instead.
                    available = false;
                }
            }
            OPEN = open;
            FALLOCATE = fallocate;
            LSEEK = lseek;
            FADVISE = fadvise;
            CLOSE = close;
            AVAILABLE = available;
        }

        @SuppressWarnings("restricted")
        private static MethodHandle function(String name, FunctionDescriptor descriptor) {
            Linker linker = Linker.nativeLinker();
            SymbolLookup library = linker.defaultLookup();
            return linker.downcallHandle(
                    library.find(name).orElseThrow(), descriptor, Linker.Option.captureCallState("errno"));
        }

        static MemorySegment errno(Arena arena) {
            return arena.allocate(STATE);
        }
    }
}
