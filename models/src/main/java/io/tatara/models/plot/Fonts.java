package io.tatara.models.plot;

import java.awt.Font;
import java.awt.GraphicsEnvironment;
import java.util.Collection;
import java.util.Optional;

/** Finds a font that has the letters. */
final class Fonts {
    private Fonts() {}

    /** A font that can show all of these words; empty where this machine has none. */
    static Optional<Font> showing(Collection<String> words, int size) {
        String text = String.join("", words);
        Font standard = new Font(Font.SANS_SERIF, Font.PLAIN, size);
        if (standard.canDisplayUpTo(text) < 0) {
            return Optional.of(standard);
        }
        for (Font f : GraphicsEnvironment.getLocalGraphicsEnvironment().getAllFonts()) {
            if (f.canDisplayUpTo(text) < 0) {
                return Optional.of(f.deriveFont(Font.PLAIN, (float) size));
            }
        }
        return Optional.empty();
    }
}
