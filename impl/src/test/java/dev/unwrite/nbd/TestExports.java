package dev.unwrite.nbd;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Supplier;

/** Exports by name, for tests. */
final class TestExports implements ExportSource {
    private final Map<String, Supplier<Export>> exports = new LinkedHashMap<>();

    static TestExports of(String name, Supplier<Export> export) {
        return new TestExports().and(name, export);
    }

    static TestExports of(BlockDevice device) {
        return of("disk", () -> Export.of(device));
    }

    TestExports and(String name, Supplier<Export> export) {
        exports.put(name, export);
        return this;
    }

    @Override
    public Export open(String name, NbdConnection connection) throws NbdRefusedException {
        Supplier<Export> export = exports.get(name);
        if (export == null) {
            throw NbdRefusedException.unknown("no export '" + name + "' here");
        }
        return export.get();
    }

    @Override
    public List<Listing> list(NbdConnection connection) {
        return exports.entrySet().stream()
                .map(e -> new Listing(e.getKey(), e.getValue().get().description()))
                .toList();
    }
}
