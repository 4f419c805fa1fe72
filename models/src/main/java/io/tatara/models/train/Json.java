package io.tatara.models.train;

import io.tatara.kernels.TataraException;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.DeserializationFeature;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.SerializationFeature;
import tools.jackson.databind.json.JsonMapper;

/** JSON files of results and settings, written by atomic rename. */
public final class Json {
    private static final JsonMapper MAPPER =
            JsonMapper.builder()
                    .enable(SerializationFeature.INDENT_OUTPUT)
                    // 2.7 epochs are a mistake, not 2.
                    .disable(DeserializationFeature.ACCEPT_FLOAT_AS_INT)
                    .build();

    private Json() {}

    public static String text(Object value) {
        return MAPPER.writeValueAsString(value);
    }

    public static JsonNode tree(Object value) {
        return MAPPER.valueToTree(value);
    }

    /**
     * @throws TataraException if the text is no JSON or does not fit the type
     */
    public static <T> T value(String text, Class<T> type) {
        try {
            return there(MAPPER.readValue(text, type));
        } catch (JacksonException e) {
            throw new TataraException("not the expected JSON: " + e.getOriginalMessage(), e);
        }
    }

    /**
     * @throws TataraException if the tree does not fit the type
     */
    public static <T> T value(JsonNode tree, Class<T> type) {
        try {
            return there(MAPPER.treeToValue(tree, type));
        } catch (JacksonException e) {
            throw new TataraException("not the expected JSON: " + e.getOriginalMessage(), e);
        }
    }

    /** The text {@code null} fits every type. */
    private static <T> T there(T value) {
        if (value == null) {
            throw new TataraException("not the expected JSON: null");
        }
        return value;
    }

    public static void write(Path file, Object value) {
        write(file, text(value) + "\n");
    }

    /** Writes text whole or not at all. */
    public static void write(Path file, String text) {
        try {
            Path part = file.resolveSibling(file.getFileName() + ".part");
            Files.writeString(part, text, StandardCharsets.UTF_8);
            Files.move(
                    part,
                    file,
                    StandardCopyOption.REPLACE_EXISTING,
                    StandardCopyOption.ATOMIC_MOVE);
        } catch (IOException e) {
            throw new TataraException("file " + file + " cannot be written: " + e, e);
        }
    }

    /**
     * @throws TataraException if the file cannot be read or does not hold the type, naming it
     */
    public static <T> T read(Path file, Class<T> type) {
        try {
            return value(Files.readString(file, StandardCharsets.UTF_8), type);
        } catch (IOException e) {
            throw new TataraException("file " + file + " cannot be read: " + e, e);
        } catch (TataraException e) {
            throw new TataraException("file " + file + ": " + e.getMessage(), e);
        }
    }
}
