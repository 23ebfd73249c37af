package dev.unwrite.storage;

import dev.unwrite.nbd.Allocation;
import dev.unwrite.nbd.BlockDevice;
import dev.unwrite.nbd.RequestCookie;
import dev.unwrite.storage.StorageObserver.Kind;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** A volume as one connection sees it: each request is judged by the group before it reaches the backend. */
final class GuardedDevice implements BlockDevice {
    private final StorageGroup group;
    private final Volume volume;
    private final Binding binding;

    GuardedDevice(StorageGroup group, Volume volume, Binding binding) {
        this.group = group;
        this.volume = volume;
        this.binding = binding;
    }

    @Override
    public long size() {
        return volume.backend().size();
    }

    /** An attached session may become the owner's while it is connected, so only strangers are told at once. */
    @Override
    public boolean readOnly() {
        return binding.session() == StorageCore.NO_SESSION;
    }

    @Override
    public void read(long offset, ByteBuffer target) throws IOException {
        long epoch = copiedFor();
        if (epoch == CopyReads.NONE) {
            group.read(binding, volume, offset, target);
        } else {
            group.readForCopy(binding, volume, epoch, offset, target);
        }
    }

    @Override
    public void write(long offset, ByteBuffer source, boolean fua) throws IOException {
        StorageObserver.Write told = told(Kind.WRITE, offset, source.remaining(), source);
        group.change(binding, volume, backend -> backend.write(offset, source, false), told);
        flushIf(fua);
    }

    @Override
    public void trim(long offset, long length, boolean fua) throws IOException {
        StorageObserver.Write told = told(Kind.TRIM, offset, length, null);
        group.change(binding, volume, backend -> backend.trim(offset, length, false), told);
        flushIf(fua);
    }

    @Override
    public void writeZeroes(long offset, long length, boolean noHole, boolean fua) throws IOException {
        StorageObserver.Write told = told(Kind.ZERO, offset, length, null);
        group.change(binding, volume, backend -> backend.writeZeroes(offset, length, noHole, false), told);
        flushIf(fua);
    }

    @Override
    public boolean tellsAllocation() {
        return volume.backend().tellsAllocation();
    }

    /** Admitted as a read: it tells of contents. */
    @Override
    public List<Allocation> allocation(long offset, long length) throws IOException {
        long epoch = copiedFor();
        return epoch == CopyReads.NONE
                ? group.allocation(binding, volume, offset, length)
                : group.allocationForCopy(binding, volume, epoch, offset, length);
    }

    @Override
    public void flush() throws IOException {
        group.flush(binding, volume);
    }

    /** The backend serves other connections too and stays open. */
    @Override
    public void close() {}

    /** A flush is shared with all who ask for one at the time, so it is cheaper than each one's own forced write. */
    private void flushIf(boolean fua) throws IOException {
        if (fua) {
            group.flush(binding, volume);
        }
    }

    /** The epoch for whose copy an observed request reads. */
    private long copiedFor() {
        return group.isObserved() && binding.session() != StorageCore.NO_SESSION ? CopyReads.epoch() : CopyReads.NONE;
    }

    private StorageObserver.@Nullable Write told(Kind kind, long offset, long length, @Nullable ByteBuffer data) {
        if (!group.isObserved()) {
            return null;
        }
        return new StorageObserver.Write(
                group.name(),
                volume.name(),
                binding.session(),
                RequestCookie.current(),
                kind,
                offset,
                length,
                data == null ? null : data.asReadOnlyBuffer(),
                true);
    }
}
