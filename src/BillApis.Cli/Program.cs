using System.CommandLine;
using BillApis.Cli;

// A command line that cannot be understood is one of the things that cannot be read.
var parsed = Commands.Root(Console.Out).Parse(args);
var code = await parsed.InvokeAsync().ConfigureAwait(false);
return parsed.Errors.Count > 0 ? Commands.Unreadable : code;
