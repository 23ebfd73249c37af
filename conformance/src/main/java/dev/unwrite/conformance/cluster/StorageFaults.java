package dev.unwrite.conformance.cluster;

import dev.unwrite.conformance.cluster.Request.Asked;
import dev.unwrite.host.Trouble;
import java.util.EnumMap;
import java.util.EnumSet;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** What goes wrong at the storage, until it is healed or used up. */
final class StorageFaults {
    private static final Asked[] FAILING = {Asked.WRITE, Asked.FLUSH, Asked.READ, Asked.READ_OLD};
    private static final Asked[] HELD = {
        Asked.WRITE, Asked.FLUSH, Asked.READ_OLD, Asked.CHANGE, Asked.OPEN, Asked.RECORD
    };

    private final Map<Asked, Failing> failing = new EnumMap<>(Asked.class);
    private final Set<Asked> held = EnumSet.noneOf(Asked.class);
    private final boolean[] unreachable = new boolean[2];
    private final int[] nameInUse = new int[2];
    private int toLose;
    private boolean carriedOut;
    private boolean flushFailsForGood;
    private boolean dead;

    /** How the next requests of a kind fail. */
    private record Failing(Trouble.Kind kind, int bits, int left) {}

    /** The next so many of a kind fail; {@code choice} says which, how, and what is left of them. */
    void fail(int choice, int count) {
        Asked what = FAILING[choice % FAILING.length];
        int rest = choice / FAILING.length;
        Trouble.Kind kind = what == Asked.WRITE && rest % 3 == 2 ? Trouble.Kind.NO_SPACE : Trouble.Kind.FAILED;
        flushFailsForGood = what == Asked.FLUSH && rest % 4 == 3;
        failing.put(what, new Failing(kind, rest, 1 + count));
    }

    /** Whether {@link #fail} with this choice leaves open what is on the disk: writes or flushes fail. */
    static boolean leavesOpen(int choice) {
        Asked what = FAILING[choice % FAILING.length];
        return what == Asked.WRITE || what == Asked.FLUSH;
    }

    /** The next answer is lost with its connection; {@code done}: what was asked for is carried out. */
    void lose(boolean done) {
        toLose++;
        carriedOut = done;
    }

    void hold(int choice) {
        held.add(HELD[choice % HELD.length]);
    }

    void cutOff(int host, boolean cut) {
        unreachable[host] = cut;
    }

    void takeName(int host, int times) {
        nameInUse[host] = times;
    }

    boolean isHeld(Asked what) {
        return held.contains(what);
    }

    boolean isUnreachable(int host) {
        return unreachable[host];
    }

    boolean isNameInUse(int host) {
        return nameInUse[host] > 0 && nameInUse[host]-- > 0;
    }

    /** Whether this answer is lost, if {@code done} is as it was wished. */
    boolean loses(boolean done) {
        if (toLose > 0 && carriedOut == done) {
            toLose--;
            return true;
        }
        return false;
    }

    /** Why this request fails, or null. */
    Trouble.@Nullable Kind failure(Asked what) {
        if (dead) {
            return Trouble.Kind.FAILED;
        }
        Failing now = failing.get(what);
        if (now == null) {
            return null;
        }
        if (now.left <= 1) {
            failing.remove(what);
        } else {
            failing.put(what, new Failing(now.kind, now.bits, now.left - 1));
        }
        dead = what == Asked.FLUSH && flushFailsForGood;
        return now.kind;
    }

    /** What is left of a request that failed. */
    int bits(Asked what) {
        Failing now = failing.get(what);
        return now == null ? 0x5555_5555 : now.bits * 0x0101_0101;
    }

    /** After a failed flush the disk takes and gives nothing until the storage starts again. */
    boolean isDead() {
        return dead;
    }

    void restarted() {
        dead = false;
        flushFailsForGood = false;
    }

    void heal() {
        failing.clear();
        held.clear();
        toLose = 0;
        flushFailsForGood = false;
        java.util.Arrays.fill(unreachable, false);
        java.util.Arrays.fill(nameInUse, 0);
    }
}
