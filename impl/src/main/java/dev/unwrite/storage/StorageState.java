package dev.unwrite.storage;

import dev.unwrite.protocol.OwnershipRecord;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.SequencedMap;
import org.jspecify.annotations.Nullable;

/**
 * What the storage knows of one group. Immutable; {@link StorageCore#step} makes the next one.
 *
 * @param record the ownership record; durable
 * @param lastSession the highest session number seen; session numbers only grow
 * @param sessions the newest session of each host, the longest open first; lost in a restart
 */
public record StorageState(OwnershipRecord record, long lastSession, SequencedMap<String, Session> sessions) {
    /** Takes a private copy of {@code sessions}. */
    public StorageState {
        sessions = java.util.Collections.unmodifiableSequencedMap(new LinkedHashMap<>(sessions));
    }

    /** The state after a start: the record is what was durable, there is no session. */
    public static StorageState started(OwnershipRecord record) {
        return new StorageState(record, 0, new LinkedHashMap<>());
    }

    /** The session with this number if it is still its host's newest, else null. */
    public @Nullable Session find(String host, long number) {
        Session newest = sessions.get(host);
        return newest != null && newest.number() == number ? newest : null;
    }

    /** The session that may write now, or null: its host is the owner, its term the record's. */
    public @Nullable Session writer() {
        Session newest = sessions.get(record.owner());
        return newest != null && newest.term() == record.term() ? newest : null;
    }

    StorageState withSessions(long newLastSession, Map<String, Session> newSessions) {
        return new StorageState(record, newLastSession, new LinkedHashMap<>(newSessions));
    }
}
