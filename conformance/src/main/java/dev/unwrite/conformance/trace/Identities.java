package dev.unwrite.conformance.trace;

import java.util.HashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Which storage, folder and undo log the processes found (rule OneLife). Terms and epochs mean something only together with
 * them. An empty text says that nobody knew, as before a host's first contact with the storage.
 */
final class Identities {
    private final Map<String, TraceEvent> starts = new HashMap<>();
    private String storage = "";

    /** A start of the storage; returns what is wrong with it, or null. */
    @Nullable
    String booted(TraceEvent boot) {
        String now = boot.text("storage");
        if (!storage.isEmpty() && !now.isEmpty() && !now.equals(storage)) {
            return "this storage is " + now + ", the one before was " + storage + ": each has a life of its own";
        }
        storage = now.isEmpty() ? storage : now;
        return null;
    }

    /** Whether the folder with which a host starts belongs to another storage: why, or null. */
    @Nullable
    String foreign(String node, TraceEvent restart) {
        String of = restart.text("storage");
        return of.isEmpty() || storage.isEmpty() || of.equals(storage)
                ? null
                : "OneLife: the folder of " + node + " belongs to storage " + of + ", this is storage " + storage;
    }

    /** Whether the folder is another one with the undo log of the one before: why, or null. */
    @Nullable
    String copied(String node, TraceEvent restart) {
        return hasOtherFolder(node, restart) && !hasOtherLog(node, restart)
                ? "OneLife: " + node + " came back in another folder, with the undo log of the one before"
                        + ofLog(restart)
                : null;
    }

    /** A host started with these. Where the storage does not say which one it is, the first host says it. */
    void found(String node, TraceEvent restart) {
        starts.put(node, restart);
        storage = storage.isEmpty() ? restart.text("storage") : storage;
    }

    /** Whether the undo log is another one than at the host's last start. Where none has a name, it is the same one. */
    boolean hasOtherLog(String node, TraceEvent restart) {
        return differs(node, restart, "undo");
    }

    /** The same for the folder. */
    boolean hasOtherFolder(String node, TraceEvent restart) {
        return differs(node, restart, "folder");
    }

    private boolean differs(String node, TraceEvent restart, String id) {
        TraceEvent before = starts.get(node);
        return before != null && !before.text(id).equals(restart.text(id));
    }

    /** The name of the undo log, to be added to a sentence. */
    String ofLog(TraceEvent restart) {
        String id = restart.text("undo");
        return id.isEmpty() ? " (it has no id)" : " (" + id + ")";
    }
}
