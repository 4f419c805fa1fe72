package io.tatara.bench.cli;

import io.tatara.kernels.TataraException;
import io.tatara.models.text.Words;
import io.tatara.models.translator.Translation;
import io.tatara.models.translator.Translator;
import io.tatara.runtime.Device;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code tatara translate}. */
@Command(
        name = "translate",
        description =
                "Translate sentences with a trained model; without any, the lines of standard input.")
final class TranslateCommand extends BaseCommand {
    @Mixin private DeviceOption device;

    @Option(
            names = "--model",
            paramLabel = "DIR",
            required = true,
            description = "folder that `train translator` wrote")
    private Path model;

    @Option(
            names = "--beam",
            paramLabel = "N",
            description = "width of the search, 1: greedy (default: the model's)")
    private Integer beam;

    @Option(names = "--attention", description = "tell for each word which word it looks at")
    private boolean attention;

    @Parameters(paramLabel = "SENTENCE", arity = "0..*", description = "what to translate")
    private List<String> sentences = new ArrayList<>();

    @Override
    public Integer call() throws IOException {
        if (beam != null && beam < 1) {
            throw new TataraException("--beam " + beam + ": at least 1 is needed");
        }
        List<Map<String, Object>> all = new ArrayList<>();
        try (Device d = device.open();
                Translator t = Translator.load(d, model)) {
            if (sentences.isEmpty()) {
                BufferedReader in =
                        new BufferedReader(
                                new InputStreamReader(System.in, StandardCharsets.UTF_8));
                for (String line = in.readLine(); line != null; line = in.readLine()) {
                    if (!line.isBlank()) {
                        all.add(translate(t, line));
                    }
                }
            }
            for (String s : sentences) {
                all.add(translate(t, s));
            }
        }
        writeJson(all);
        return 0;
    }

    private Map<String, Object> translate(Translator t, String sentence) {
        int width = beam == null ? t.config().beam() : beam;
        Translation x = t.translate(List.of(Words.english(sentence)), width, true).getFirst();
        say("%s", x.text());
        if (attention && x.attention() != null) {
            for (int i = 0; i < x.words().size(); i++) {
                say("  %s looks at %s", x.words().get(i), x.lookedAt(i));
            }
        }
        Map<String, Object> m = new LinkedHashMap<>();
        m.put("sentence", sentence);
        m.put("words", x.source());
        m.put("translation", x.words());
        m.put("attention", x.attention());
        return m;
    }
}
