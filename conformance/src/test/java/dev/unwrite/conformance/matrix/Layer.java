package dev.unwrite.conformance.matrix;

import java.io.IOException;
import java.util.List;

/** One way to check the code. */
interface Layer {
    /** As in the head of the matrix. */
    String name();

    /** Folders, from the repository's root, on whose content the result depends. */
    List<String> sources();

    /** What else the result depends on, such as how long it looks. */
    default String settings() {
        return "";
    }

    /** Whether it has anything to say of the mutant. */
    default boolean appliesTo(Mutant mutant) {
        return true;
    }

    /** Runs against the mutated classes. Blocks; ends within the layer's own limit. */
    Finding run(Mutant mutant, Workspace workspace) throws IOException, InterruptedException;
}
