package io.tatara.bench.cli;

import io.tatara.kernels.TataraException;
import io.tatara.models.vision.Classifier;
import io.tatara.runtime.Device;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code tatara classify}. */
@Command(
        name = "classify",
        description = "Tell what pictures (JPEG, PNG, GIF, BMP) show, with a trained model.")
final class ClassifyCommand extends BaseCommand {
    @Mixin private DeviceOption device;

    @Option(
            names = "--model",
            paramLabel = "DIR",
            required = true,
            description = "folder that `train image-classifier` wrote")
    private Path model;

    @Option(
            names = "--top",
            paramLabel = "N",
            description = "how many classes to tell of each (default: ${DEFAULT-VALUE})",
            defaultValue = "3")
    private int top;

    @Parameters(paramLabel = "IMAGE", arity = "1..*", description = "files of pictures")
    private List<Path> pictures;

    @Override
    public Integer call() {
        if (top < 1) {
            throw new TataraException("--top " + top + ": at least 1 is needed");
        }
        List<Map<String, Object>> all = new ArrayList<>();
        try (Device d = device.open();
                Classifier c = Classifier.load(d, model)) {
            for (Path p : pictures) {
                List<Classifier.Answer> answers = c.classify(p);
                answers = answers.subList(0, Math.min(top, answers.size()));
                StringBuilder line = new StringBuilder(p + ":");
                for (Classifier.Answer a : answers) {
                    line.append(String.format(Locale.ROOT, "  %s %.3f", a.name(), a.probability()));
                }
                say("%s", line);
                Map<String, Object> m = new LinkedHashMap<>();
                m.put("picture", p.toString());
                m.put("answers", answers);
                all.add(m);
            }
        }
        writeJson(all);
        return 0;
    }
}
