package dev.unwrite.machine.qemu;

import dev.unwrite.machine.Machine;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Arrays;
import java.util.BitSet;

/**
 * What was last saved of a guest, and which pages of its image ({@link SavedGuest}) are others since the state before: what a
 * state carried that was not used goes into the next one (rule DeltaOnItsBase).
 */
final class GuestImage {
    private static final int PAGE = GuestMemory.PAGE;
    private static final long NONE = -1;

    private final GuestMemory memory;
    private final SavedGuest.Fit fit;
    private final int firstOfDevices;
    private byte[] head = new byte[PAGE];
    private byte[] devices = {};
    /** The number of the state that was saved last, and of the one before that it may be a delta on. */
    private long last = NONE;

    private long before = NONE;
    /** The pages that differ between the two. */
    private BitSet since = new BitSet();

    GuestImage(GuestMemory memory, SavedGuest.Fit fit) {
        this.memory = memory;
        this.fit = fit;
        this.firstOfDevices = 1 + (int) (memory.size() / PAGE);
    }

    /** Saves the guest, which stands still, with devices in that state; as {@link Machine#save}. */
    SavedGuest save(long epoch, long base, byte[] devicesNow) throws IOException {
        boolean follows = base != 0 && base == last;
        boolean again = base != 0 && base == before && epoch == last;
        // Whatever fails from here on, the next state is whole.
        last = NONE;
        BitSet changed = changes(devicesNow);
        if (again) {
            since.or(changed);
        } else {
            since = changed;
        }
        before = follows || again ? base : NONE;
        SavedGuest saved = new SavedGuest(follows || again, this, follows || again ? since : filled());
        last = epoch;
        return saved;
    }

    private BitSet changes(byte[] devicesNow) throws IOException {
        BitSet changed = moved(memory.changes());
        byte[] headNow = SavedGuest.head(fit, devicesNow.length);
        if (!Arrays.equals(head, headNow)) {
            changed.set(0);
        }
        for (int at = 0; at < devicesNow.length; at += PAGE) {
            int end = Math.min(at + PAGE, devicesNow.length);
            if (end > devices.length
                    // What was the end of it is followed by zeroes.
                    || (end == devicesNow.length && end != devices.length)
                    || Arrays.mismatch(devicesNow, at, end, devices, at, end) >= 0) {
                changed.set(firstOfDevices + at / PAGE);
            }
        }
        head = headNow;
        devices = devicesNow;
        return changed;
    }

    private static BitSet moved(BitSet pages) {
        BitSet moved = new BitSet();
        pages.stream().forEach(number -> moved.set(number + 1));
        return moved;
    }

    private BitSet filled() {
        BitSet filled = moved(memory.filled());
        filled.set(0);
        filled.set(firstOfDevices, firstOfDevices + Math.ceilDiv(devices.length, PAGE));
        return filled;
    }

    /** The size of what was saved last. */
    long bytes() {
        return PAGE + memory.size() + devices.length;
    }

    /** Copies a page of it. */
    void copy(int number, MemorySegment to, long offset) {
        if (number == 0) {
            MemorySegment.copy(head, 0, to, ValueLayout.JAVA_BYTE, offset, PAGE);
        } else if (number < firstOfDevices) {
            memory.copy(number - 1, to, offset);
        } else {
            int from = (number - firstOfDevices) * PAGE;
            MemorySegment.copy(devices, from, to, ValueLayout.JAVA_BYTE, offset, Math.min(PAGE, devices.length - from));
        }
    }
}
