package io.tatara.bench.cli;

import picocli.CommandLine.IVersionProvider;

/** What {@code --version} prints: from the jar's manifest, where it runs from one. */
final class Version implements IVersionProvider {
    @Override
    public String[] getVersion() {
        String version = Version.class.getPackage().getImplementationVersion();
        String commit = System.getProperty("tatara.commit", "");
        return new String[] {
            "tatara "
                    + (version == null ? "development" : version)
                    + (commit.isEmpty() ? "" : " (" + commit + ")"),
            System.getProperty("java.vm.name") + " " + Runtime.version()
        };
    }
}
