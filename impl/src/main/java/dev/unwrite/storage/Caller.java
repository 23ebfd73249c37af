package dev.unwrite.storage;

/**
 * Who asks (rule OneLife).
 *
 * @param folder the id of the host's data folder
 * @param life tells the processes that used this folder apart
 * @param replace whether the folder takes the name over from the one that has it
 */
record Caller(String host, String folder, long life, boolean replace) {
    /** A host that says no more than its name. */
    static Caller of(String group, String host) {
        StorageClient.Identity identity = StorageClient.Identity.of(group, host);
        return new Caller(host, identity.folder(), identity.life(), identity.replace());
    }
}
