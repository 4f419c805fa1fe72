/** The command line: {@link io.tatara.bench.cli.TataraCommand} and a class for each command. */
package io.tatara.bench.cli;
