package dev.unwrite.storage;

import org.jspecify.annotations.Nullable;

/**
 * What a connection may act for: attached to the connection by the op {@code attach}.
 *
 * @param heard is told of each request, for it is a sign of life
 */
record Binding(String group, String host, long session, Hosts.@Nullable Heard heard) {
    Binding(String group, String host, long session) {
        this(group, host, session, null);
    }

    /** For a connection that never attached. */
    static Binding stranger(String group) {
        return new Binding(group, "", StorageCore.NO_SESSION);
    }

    void isAlive() {
        Hosts.Heard asked = heard;
        if (asked != null) {
            asked.touch();
        }
    }
}
