package io.tatara.models.text;

import io.tatara.kernels.TataraException;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/**
 * Reads sentence pairs from a folder: {@code train.en} and {@code train.ja} and the like,
 * tokenised, one sentence a line, line n of one belonging to line n of the other.
 */
public final class ParallelCorpus {
    private ParallelCorpus() {}

    /**
     * @param split {@code train}, {@code dev} or {@code test}
     * @param limit largest number of pairs, from the top
     * @throws TataraException if a file is missing or unreadable, the files have different numbers
     *     of lines, or a sentence is empty, naming file and line
     */
    public static List<SentencePair> read(
            Path folder, String split, String source, String target, int limit) {
        Path sourceFile = folder.resolve(split + "." + source);
        Path targetFile = folder.resolve(split + "." + target);
        List<String> s = lines(sourceFile);
        List<String> t = lines(targetFile);
        if (s.size() != t.size()) {
            throw new TataraException(
                    sourceFile
                            + " has "
                            + s.size()
                            + " lines, "
                            + targetFile
                            + " has "
                            + t.size()
                            + ": they must be aligned");
        }
        if (s.isEmpty()) {
            throw new TataraException(sourceFile + " is empty");
        }
        List<SentencePair> pairs = new ArrayList<>(s.size());
        for (int i = 0; i < Math.min(limit, s.size()); i++) {
            pairs.add(
                    new SentencePair(
                            words(sourceFile, i, s.get(i)), words(targetFile, i, t.get(i))));
        }
        return pairs;
    }

    private static List<String> words(Path file, int line, String text) {
        List<String> words = Words.split(text);
        if (words.isEmpty()) {
            throw new TataraException(file + ": line " + (line + 1) + " is empty");
        }
        return words;
    }

    private static List<String> lines(Path file) {
        if (!Files.isRegularFile(file)) {
            throw new TataraException("corpus file " + file.toAbsolutePath() + " is missing");
        }
        try {
            return Files.readAllLines(file, StandardCharsets.UTF_8);
        } catch (IOException e) {
            throw new TataraException(
                    "corpus file " + file + " cannot be read as UTF-8 text: " + e, e);
        }
    }

    /** Writes pairs so that {@link #read} finds them. */
    public static void write(
            Path folder, String split, String source, String target, List<SentencePair> pairs) {
        try {
            Files.createDirectories(folder);
            Files.write(
                    folder.resolve(split + "." + source),
                    pairs.stream().map(p -> String.join(" ", p.source())).toList());
            Files.write(
                    folder.resolve(split + "." + target),
                    pairs.stream().map(p -> String.join(" ", p.target())).toList());
        } catch (IOException e) {
            throw new TataraException("corpus in " + folder + " cannot be written: " + e, e);
        }
    }
}
