package dev.unwrite.storage;

/** What a connection may act for: attached to the connection by the op {@code attach}. */
record Binding(String group, String host, long session) {
    /** For a connection that never attached. */
    static Binding stranger(String group) {
        return new Binding(group, "", StorageCore.NO_SESSION);
    }
}
