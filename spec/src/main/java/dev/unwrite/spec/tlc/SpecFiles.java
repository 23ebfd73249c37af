package dev.unwrite.spec.tlc;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.HashSet;
import java.util.Optional;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Where modules are found by name. */
@FunctionalInterface
public interface SpecFiles {
    /** The text of a module, or nothing if it is not here (a standard module, as a rule: TLC brings those). */
    Optional<String> module(String name);

    /** The modules beside the classes, in the folder {@code tla}. */
    static SpecFiles bundled() {
        return name -> {
            try (InputStream in = SpecFiles.class.getResourceAsStream("/tla/" + name + ".tla")) {
                return in == null
                        ? Optional.empty()
                        : Optional.of(new String(in.readAllBytes(), StandardCharsets.UTF_8));
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        };
    }

    /** The modules in {@code folder}. */
    static SpecFiles in(Path folder) {
        return name -> {
            Path file = folder.resolve(name + ".tla");
            try {
                return Files.isRegularFile(file) ? Optional.of(Files.readString(file)) : Optional.empty();
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        };
    }

    /** As this, with {@code other} asked for what is not here. */
    default SpecFiles or(SpecFiles other) {
        return name -> module(name).or(() -> other.module(name));
    }

    /**
     * Writes {@code root} and every module that it reaches by EXTENDS or INSTANCE into {@code folder}.
     *
     * @throws IOException also if {@code root} itself is not to be found
     */
    default void copy(String root, Path folder) throws IOException {
        Set<String> seen = new HashSet<>(Set.of(root));
        Deque<String> left = new ArrayDeque<>(seen);
        while (!left.isEmpty()) {
            String name = left.remove();
            Optional<String> text = module(name);
            if (text.isEmpty()) {
                if (name.equals(root)) {
                    throw new IOException("there is no module " + root);
                }
                continue;
            }
            Files.writeString(folder.resolve(name + ".tla"), text.get());
            References.of(text.get()).stream().filter(seen::add).forEach(left::add);
        }
    }

    /** Finds the modules that a module names. Names too many rather than too few: those not found are left to TLC. */
    final class References {
        private static final Pattern EXTENDS = Pattern.compile("\\bEXTENDS\\s+(\\w+(?:\\s*,\\s*\\w+)*)");
        private static final Pattern INSTANCE = Pattern.compile("\\bINSTANCE\\s+(\\w+)");

        private References() {}

        static Set<String> of(String text) {
            Set<String> names = new HashSet<>();
            for (Matcher m = EXTENDS.matcher(text); m.find(); ) {
                names.addAll(Set.of(m.group(1).strip().split("\\s*,\\s*")));
            }
            for (Matcher m = INSTANCE.matcher(text); m.find(); ) {
                names.add(m.group(1));
            }
            return names;
        }
    }
}
