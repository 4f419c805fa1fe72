package io.tatara.models.demo;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.tatara.models.text.SentencePair;
import io.tatara.models.train.TrainingListener;
import io.tatara.runtime.Device;
import io.tatara.runtime.Tatara;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class DemoTaskTest {
    @ParameterizedTest
    @CsvSource({
        "3042, three thousand and forty two, 三千 四十 二",
        "1, one, 一",
        "10, ten, 十",
        "111, one hundred and eleven, 百 十 一",
        "1000, one thousand, 千",
        "12000, twelve thousand, 一万 二千",
        "98765, ninety eight thousand seven hundred and sixty five, 九万 八千 七百 六十 五"
    })
    void numbers(int n, String english, String japanese) {
        assertThat(String.join(" ", Numerals.english(n))).isEqualTo(english);
        assertThat(String.join(" ", Numerals.japanese(n))).isEqualTo(japanese);
    }

    @ParameterizedTest
    @CsvSource({
        "1999, nineteen ninety nine",
        "1905, nineteen oh five",
        "1900, nineteen hundred",
        "2000, two thousand",
        "2004, two thousand and four",
        "2026, twenty twenty six"
    })
    void years(int n, String english) {
        assertThat(String.join(" ", Numerals.year(n))).isEqualTo(english);
    }

    @Test
    void ordinals() {
        assertThat(Numerals.ordinal(23)).containsExactly("twenty", "third");
        assertThat(Numerals.ordinal(30)).containsExactly("thirtieth");
        assertThat(Numerals.ordinal(12)).containsExactly("twelfth");
    }

    @Test
    void noPhraseIsInTwoSplitsAndTheSeedDecides() {
        DemoTask.Phrases p = DemoTask.phrases(1, 3000, 200, 300);
        Set<List<String>> english = new HashSet<>();
        for (List<SentencePair> split : List.of(p.train(), p.dev(), p.test())) {
            split.forEach(pair -> english.add(pair.source()));
        }
        assertThat(english).hasSize(3500);
        assertThat(DemoTask.phrases(1, 3000, 200, 300)).isEqualTo(p);
        assertThat(DemoTask.phrases(2, 3000, 200, 300)).isNotEqualTo(p);
    }

    @Test
    @DisplayName("trains to 99 % (about a minute; skipped without -Dtatara.slow=true)")
    void heldOutPhrasesAreTranslatedExactly(@TempDir Path dir) {
        assumeTrue(
                Boolean.getBoolean("tatara.slow"),
                "about a minute of training: ask for it by -Dtatara.slow=true");
        try (Device device = Tatara.open("jvm")) {
            DemoTask.Result r =
                    DemoTask.run(device, DemoTask.config(), dir, false, TrainingListener.NONE);
            assertThat(r.exactMatch()).isGreaterThanOrEqualTo(0.99);
        }
    }
}
