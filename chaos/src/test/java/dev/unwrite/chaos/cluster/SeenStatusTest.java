package dev.unwrite.chaos.cluster;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.json.JsonMapper;
import java.io.IOException;
import org.junit.jupiter.api.Test;

class SeenStatusTest {
    @Test
    void aPrimaryThatKnowsOfAnotherOwnerIsNone() throws IOException {
        assertThat(primary("A").isPrimary()).isTrue();
        assertThat(primary("").isPrimary()).isTrue();
        assertThat(primary("B").isPrimary()).isFalse();
        assertThat(primary("B").role()).isEqualTo("idle");
    }

    /** Host A says that it is primary, and that it read such an owner. */
    private static SeenStatus primary(String owner) throws IOException {
        return SeenStatus.parse(JsonMapper.builder()
                .build()
                .readTree("{\"name\":\"A\",\"role\":\"primary\",\"mode\":\"protected\",\"term\":8,"
                        + "\"record\":{\"owner\":\"" + owner + "\",\"mode\":\"solo\"}}"));
    }
}
