package dev.unwrite.chaos.campaign;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.unwrite.chaos.stage.StageException;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.function.Function;
import org.junit.jupiter.api.Test;

final class TriesTest {
    private final List<String> said = new ArrayList<>();

    private String run(String... results) throws Exception {
        Deque<String> left = new ArrayDeque<>(List.of(results));
        String last = Tries.of(
                () -> {
                    String result = left.removeFirst();
                    if (result.equals("engine")) {
                        throw new StageException("no container");
                    }
                    return result;
                },
                Function.<String>identity().andThen(result -> result.startsWith("trouble") ? result : ""),
                said::add);
        assertThat(left).isEmpty();
        return last;
    }

    @Test
    void whatIsGoodIsNotRepeated() throws Exception {
        assertThat(run("good")).isEqualTo("good");
        assertThat(said).isEmpty();
    }

    @Test
    void aTroubleOfTheEngineIsTriedOnceMore() throws Exception {
        assertThat(run("engine", "good")).isEqualTo("good");
        assertThat(run("trouble 1", "good")).isEqualTo("good");
        assertThat(said).hasSize(2).allMatch(line -> line.startsWith("unknown"));
    }

    @Test
    void aSecondTroubleIsTheResult() throws Exception {
        assertThat(run("engine", "trouble 2")).isEqualTo("trouble 2");
        assertThatThrownBy(() -> run("trouble 1", "engine")).isInstanceOf(StageException.class);
    }
}
