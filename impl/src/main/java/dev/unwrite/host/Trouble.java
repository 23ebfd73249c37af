package dev.unwrite.host;

/**
 * Why something was not done. The one form of a refusal, from the storage to the person who asked.
 *
 * @param text one line for people, without a full stop
 */
public record Trouble(Kind kind, String text) {
    /** What follows from it. */
    public enum Kind {
        /** The connection broke, or there was no answer in time: it may have been carried out, or may be later. */
        LOST,
        /** The session has been ended by a newer one, or by a newer owner: it was not carried out and never will be. */
        ENDED,
        /** The disk, or that of the storage, failed (EIO): nothing is known of what it kept. */
        FAILED,
        /** There is no room; there may be later. */
        NO_SPACE,
        /** What was asked makes no sense there, such as a block beyond the end. */
        INVALID,
        /** This host does not own the volumes, or not any more. */
        NOT_OWNER,
        /** The name of this host is another folder's, which is alive; that may be an earlier life of this one. */
        NAME_IN_USE,
        /** It is another storage, or another host has taken the name: it never gets better. */
        WRONG_IDENTITY,
        /** What answers is no storage, or one without this group. */
        NO_STORAGE,
        /** It is not allowed now; nothing has changed. */
        REFUSED,
        /** It was not done in time; the text says what may still come. */
        TIMEOUT,
        /** It cannot be done as things are. */
        UNAVAILABLE
    }

    /** Of this kind. */
    static Trouble of(Kind kind, String text) {
        return new Trouble(kind, text);
    }

    /** Not allowed now. */
    static Trouble refused(String why) {
        return new Trouble(Kind.REFUSED, why);
    }

    /** Whether the storage answered this very request, so that its session is as good as before. */
    public boolean isAnswer() {
        return kind == Kind.FAILED || kind == Kind.NO_SPACE || kind == Kind.INVALID;
    }

    @Override
    public String toString() {
        return text;
    }
}
