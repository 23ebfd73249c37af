package dev.unwrite.store;

import java.io.IOException;
import java.util.Map;

/** The data folder around undo log and checkpoint store: whose it is (rule OneLife). */
public interface DataFolder {
    /** The storage that it belongs to from here on; durable on return. Throws if it belongs to another. */
    void belongsTo(String storage) throws IOException;

    /** What a checkpoint that is committed here carries, so that it is known again. */
    Map<String, String> checkpointMeta();
}
