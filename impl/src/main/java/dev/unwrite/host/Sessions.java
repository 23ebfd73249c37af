package dev.unwrite.host;

import dev.unwrite.protocol.Action;
import dev.unwrite.protocol.Extent;
import dev.unwrite.protocol.OwnershipRecord;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The owner's session with the storage. A broken session is replaced, however long that takes. In the new one the host first
 * writes again what it owes (rules OneConnection, ReplayUnflushed); until then the volumes are not readable.
 */
final class Sessions {
    private static final long RETRY_MIN = 100 * Timers.MILLI;
    private static final long RETRY_MAX = 2 * Timers.SECOND;
    /** A session that lasted this long is replaced at once; after a shorter one there is a pause. */
    private static final long GOOD_AFTER = Timers.SECOND;

    private final Host h;
    private SharedStorage.@Nullable Session current;
    private boolean broken;
    private boolean readable;
    private boolean opening;
    private long retryNanos = RETRY_MIN;
    private long readableSince;
    private long lives;

    /** Since when the storage has not been usable, and why; empty while it is. */
    private long troubleSince;

    private String trouble = "";

    Sessions(Host h) {
        this.h = h;
    }

    /** The present session, even if it is broken; null for a host that owns nothing. */
    SharedStorage.@Nullable Session current() {
        return current;
    }

    /** Whether requests may be sent in the present session. */
    boolean isUsable() {
        return current != null && !broken;
    }

    /** Whether the volumes read as they should: what was owed in this session is written. */
    boolean isReadable() {
        return isUsable() && readable;
    }

    boolean is(long number) {
        SharedStorage.Session session = current;
        return session != null && session.number() == number && !broken;
    }

    long number() {
        SharedStorage.Session session = current;
        return session == null ? 0 : session.number();
    }

    /** A session that was opened for a change of the record, which was agreed: this host owns the storage in it. */
    void begin(SharedStorage.Session session) {
        current = session;
        learnVolumes(session.volumes());
    }

    /** What was owed is written: whoever waited may go on. */
    void readable() {
        if (isUsable() && !readable) {
            readable = true;
            readableSince = h.now();
            trouble = "";
            h.onReadable();
        }
    }

    /** This host owns nothing any more. */
    void clear() {
        SharedStorage.Session old = current;
        current = null;
        broken = false;
        readable = false;
        opening = false;
        trouble = "";
        retryNanos = RETRY_MIN;
        lives++;
        if (old != null) {
            h.storage().close(old.number());
        }
    }

    /**
     * A request of the session failed, so the contents of the storage are unknown. Opens another session, in which everything
     * unflushed is written again; after a disk error of the storage not at once.
     */
    void broke(long number, Trouble why) {
        if (!is(number)) {
            return;
        }
        if (trouble.isEmpty()) {
            troubleSince = h.now();
        }
        trouble = why.text();
        broken = true;
        h.onSessionBroken();
        boolean good = readable && h.now() - readableSince >= GOOD_AFTER;
        readable = false;
        h.storage().close(number);
        if (good) {
            retryNanos = RETRY_MIN;
        }
        if (why.isAnswer() || !good) {
            openLater();
        } else {
            open();
        }
    }

    /** A new session, whatever the present one is like: what was asked in it does not come about later (rule OneConnection). */
    void renew() {
        if (is(number())) {
            broken = true;
            readable = false;
            h.storage().close(number());
            h.onSessionBroken();
        }
        open();
    }

    private void openLater() {
        long life = lives;
        h.timers.after(retryNanos, () -> {
            if (life == lives) {
                open();
            }
        });
        retryNanos = Math.min(RETRY_MAX, retryNanos * 2);
    }

    private void open() {
        if (opening || isUsable()) {
            return;
        }
        opening = true;
        long life = lives;
        h.storage()
                .open(
                        h.state().term(),
                        Reply.of(
                                session -> {
                                    if (life == lives) {
                                        opening = false;
                                        opened(session);
                                    } else {
                                        h.storage().close(session.number());
                                    }
                                },
                                why -> {
                                    if (life == lives) {
                                        opening = false;
                                        notOpened(why);
                                    }
                                }));
    }

    private void notOpened(Trouble why) {
        if (why.kind() == Trouble.Kind.WRONG_IDENTITY || why.kind() == Trouble.Kind.NAME_IN_USE) {
            h.end(why.text());
            return;
        }
        if (trouble.isEmpty()) {
            troubleSince = h.now();
        }
        if (!trouble.equals(why.text())) {
            trouble = why.text();
            h.log("no session with the storage: " + trouble);
        }
        openLater();
    }

    private void opened(SharedStorage.Session session) {
        OwnershipRecord record = session.record();
        if (record.term() > h.state().term()) {
            h.storage().close(session.number());
            h.ownership.settle(record);
            return;
        }
        current = session;
        broken = false;
        readable = false;
        learnVolumes(session.volumes());
        h.core.must(new Action.OpenSession(session.number()));
        h.ownership.settle(session.record());
        if (!is(session.number())) {
            return; // What was settled has made this host step down, or the session is of no use already.
        }
        h.log("has a new session with the storage");
        h.onSession();
    }

    private void learnVolumes(List<SharedStorage.Volume> volumes) {
        for (SharedStorage.Volume volume : volumes) {
            if (volume.sizeBytes() % Extent.BLOCK_BYTES != 0) {
                h.end("volume " + volume.name() + " has " + volume.sizeBytes() + " bytes, which is no multiple of "
                        + Extent.BLOCK_BYTES + ": give it another size");
                return;
            }
        }
        h.volumesAre(volumes);
    }

    /** For how long the storage has not been usable; 0 if it is. */
    long troubleNanos() {
        return trouble.isEmpty() || current == null ? 0 : Math.max(1, h.now() - troubleSince);
    }

    /** What is wrong with it, or an empty text. */
    String trouble() {
        return current == null ? "" : trouble;
    }
}
