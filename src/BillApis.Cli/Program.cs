using System.CommandLine;
using BillApis.Cli;

return await Commands.Root(Console.Out).Parse(args).InvokeAsync().ConfigureAwait(false);
