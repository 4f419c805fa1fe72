package io.tatara.runtime.cache;

import java.io.IOException;
import java.lang.System.Logger.Level;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicBoolean;

/**
 * Compiled kernel programs on disk, one file each, named by the hash of everything that went into
 * it. A file is written beside its place and renamed, so that readers, also in other processes, see
 * all of it or nothing; it carries its length and a checksum, and what does not hold is deleted and
 * compiled anew. No call throws: where the directory cannot be written the library works without,
 * and says so once.
 *
 * <p>Directory: property {@code tatara.cache}, else variable {@code TATARA_CACHE}, else {@code
 * $XDG_CACHE_HOME/tatara}, else {@code ~/.cache/tatara}; the word {@code off} means none.
 */
public final class ProgramCache {
    /** A cache that keeps nothing. */
    public static final ProgramCache OFF = new ProgramCache(null);

    private static final System.Logger LOG = System.getLogger(ProgramCache.class.getName());
    private static final byte[] MAGIC = "TATARA-PROGRAM-1".getBytes(StandardCharsets.US_ASCII);
    private static final int HEAD = MAGIC.length + Long.BYTES + 32;

    private final Path directory;
    private final AtomicBoolean complained = new AtomicBoolean();

    /**
     * @param directory where files are kept, made when first needed; null for no cache
     */
    public ProgramCache(Path directory) {
        this.directory = directory;
    }

    /** The cache that the user's properties and environment ask for. */
    public static ProgramCache standard() {
        return new ProgramCache(
                directory(
                        System.getProperty("tatara.cache"),
                        System.getenv("TATARA_CACHE"),
                        System.getenv("XDG_CACHE_HOME"),
                        System.getProperty("user.home")));
    }

    static Path directory(String property, String variable, String xdg, String home) {
        String asked = given(property) ? property : variable;
        if (given(asked)) {
            return asked.equals("off") ? null : Path.of(asked);
        }
        if (given(xdg) && Path.of(xdg).isAbsolute()) {
            return Path.of(xdg, "tatara");
        }
        return given(home) ? Path.of(home, ".cache", "tatara") : null;
    }

    private static boolean given(String s) {
        return s != null && !s.isBlank();
    }

    /**
     * The key of a program: a hash over all parts (and their borders). Name everything that
     * matters.
     */
    public static String key(String... parts) {
        MessageDigest d = sha256();
        String version = ProgramCache.class.getPackage().getImplementationVersion();
        update(d, version == null ? "development" : version);
        for (String p : parts) {
            update(d, p);
        }
        return HexFormat.of().formatHex(d.digest());
    }

    private static void update(MessageDigest d, String part) {
        byte[] b = part.getBytes(StandardCharsets.UTF_8);
        d.update(ByteBuffer.allocate(4).putInt(b.length).flip());
        d.update(b);
    }

    /** The binary kept under this key. */
    public Optional<byte[]> get(String key) {
        if (directory == null) {
            return Optional.empty();
        }
        byte[] file;
        try {
            file = Files.readAllBytes(path(key));
        } catch (NoSuchFileException e) {
            return Optional.empty();
        } catch (IOException | SecurityException | OutOfMemoryError e) {
            LOG.log(Level.DEBUG, () -> "cannot read " + path(key) + ": " + e);
            drop(key);
            return Optional.empty();
        }
        byte[] binary = decode(file);
        if (binary == null) {
            LOG.log(Level.DEBUG, () -> path(key) + " is damaged and is dropped");
            drop(key);
        }
        return Optional.ofNullable(binary);
    }

    /** Keeps a binary. */
    public void put(String key, byte[] binary) {
        if (directory == null) {
            return;
        }
        Path temporary = null;
        try {
            Files.createDirectories(directory);
            temporary = Files.createTempFile(directory, key.substring(0, 8), ".tmp");
            Files.write(temporary, encode(binary));
            Files.move(
                    temporary,
                    path(key),
                    StandardCopyOption.ATOMIC_MOVE,
                    StandardCopyOption.REPLACE_EXISTING);
        } catch (IOException | SecurityException e) {
            if (complained.compareAndSet(false, true)) {
                LOG.log(Level.INFO, "kernel programs are not kept in " + directory + ": " + e);
            }
            delete(temporary);
        }
    }

    /** Forgets a binary, such as one that the driver refuses. */
    public void drop(String key) {
        if (directory != null) {
            delete(path(key));
        }
    }

    private static void delete(Path file) {
        try {
            if (file != null) {
                Files.deleteIfExists(file);
            }
        } catch (IOException | SecurityException e) {
            LOG.log(Level.DEBUG, () -> "cannot delete " + file + ": " + e);
        }
    }

    private Path path(String key) {
        return directory.resolve(key + ".bin");
    }

    private static byte[] encode(byte[] binary) {
        return ByteBuffer.allocate(HEAD + binary.length)
                .put(MAGIC)
                .putLong(binary.length)
                .put(sha256().digest(binary))
                .put(binary)
                .array();
    }

    private static byte[] decode(byte[] file) {
        if (file.length < HEAD || !Arrays.equals(MAGIC, 0, MAGIC.length, file, 0, MAGIC.length)) {
            return null;
        }
        ByteBuffer b = ByteBuffer.wrap(file, MAGIC.length, file.length - MAGIC.length);
        long length = b.getLong();
        byte[] sum = new byte[32];
        b.get(sum);
        if (length != b.remaining()) {
            return null;
        }
        byte[] binary = new byte[b.remaining()];
        b.get(binary);
        return Arrays.equals(sum, sha256().digest(binary)) ? binary : null;
    }

    private static MessageDigest sha256() {
        try {
            return MessageDigest.getInstance("SHA-256");
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException(e); // every JDK has it
        }
    }
}
