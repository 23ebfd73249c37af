package dev.unwrite.conformance.cluster;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * What happens in each story is what it says, to the letter. After an intended change, this writes anew what the commands
 * print, and the diff is to be read:
 *
 * <pre>mvn -pl conformance -am test -Dtest=StoriesTest -Dsurefire.failIfNoSpecifiedTests=false -Dstories.rewrite=true</pre>
 */
class StoriesTest {
    private static final Path FOLDER = Path.of("src/test/resources/dev/unwrite/conformance/stories");

    static List<Path> stories() throws IOException {
        try (Stream<Path> files = Files.list(FOLDER)) {
            return files.sorted().toList();
        }
    }

    @ParameterizedTest
    @MethodSource("stories")
    void what_happens_is_what_the_story_says(Path story) throws IOException {
        String told = told(Files.readString(story));
        if (Boolean.getBoolean("stories.rewrite")) {
            Files.writeString(story, told);
        }
        assertThat(told).isEqualTo(Files.readString(story));
    }

    private static String told(String story) {
        return StoryCommands.tell(story, line -> {});
    }

    @Test
    void the_readme_lists_them_in_order() throws IOException {
        List<String> listed = Pattern.compile("stories/(\\S+)\\)")
                .matcher(Files.readString(Path.of("README.md")))
                .results()
                .map(found -> found.group(1))
                .toList();
        assertThat(listed)
                .isEqualTo(stories().stream()
                        .map(story -> story.getFileName().toString())
                        .toList());
    }

    @Test
    void a_line_that_is_wrong_or_missing_is_noticed() throws IOException {
        String story = Files.readString(stories().getFirst());
        String line = "A: SendWrite data/3\n";
        assertThat(story).contains(line);
        for (String wrong : List.of(story.replace(line, "A: SendWrite data/4\n"), story.replace(line, ""))) {
            assertThat(told(wrong)).isNotEqualTo(wrong).isEqualTo(story);
        }
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "write A data/3 hello\n----\n",
                "pair\nfly A\n----\n",
                "pair\nwrite B data/3 hello\n----\n",
                "pair\nwrite A data/99 hello\n----\n",
                "pair\nwrite A data/3\n----\n",
                "pair\nrun 5\n----\n",
                "pair undo-limit\n----\n",
                "pair\nread A data/3-4\n----\n",
                "pair\ndeliver A->C\n----\n",
                "pair\nagain B Committed\n----\n",
                "pair\n",
            })
    void what_is_no_story_is_refused_in_one_line(String text) {
        assertThatThrownBy(() -> told(text))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageMatching("line [12]: .+");
    }
}
