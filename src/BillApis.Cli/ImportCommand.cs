using System.Collections.Immutable;
using System.CommandLine;
using BillApis.Metering;

namespace BillApis.Cli;

/// <summary><c>billapis import</c>: takes a file of events in, as <c>POST /usage/imports</c> does.</summary>
internal static class ImportCommand
{
    private static readonly TimeSpan Pause = TimeSpan.FromSeconds(1);

    // By the end of the file's name, once that of the compression is off.
    private static readonly Dictionary<string, UsageFormat> Formats = new(StringComparer.OrdinalIgnoreCase)
    {
        [".json"] = UsageFormat.Json, [".ndjson"] = UsageFormat.JsonLines, [".jsonl"] = UsageFormat.JsonLines, [".csv"] = UsageFormat.Csv,
    };

    private static readonly Dictionary<string, UsageFormat> Names = new(StringComparer.Ordinal)
    {
        ["json"] = UsageFormat.Json, ["ndjson"] = UsageFormat.JsonLines, ["csv"] = UsageFormat.Csv, ["cloudevents"] = UsageFormat.CloudEvents,
    };

    public static Command Of(TextWriter output)
    {
        var file = new Argument<FileInfo>("file") { Description = "The file: .json, .ndjson or .csv, also with .gz or .br behind it." };
        var format = new Option<string?>("--format") { Description = "json, ndjson, csv or cloudevents, where the file's name does not tell it." };
        format.AcceptOnlyFromAmong([.. Names.Keys]);
        var columns = new Option<string[]>("--column") { Description = "Which column of a CSV is which field, like customer_id=account or properties.tokens=n; more than once for more fields." };
        var constants = new Option<string[]>("--set") { Description = "What a field is in each row of a CSV, like type=llm.call; more than once for more fields." };
        var delimiter = new Option<char>("--delimiter") { Description = "What stands between the values of a CSV.", DefaultValueFactory = _ => ',' };
        var name = new Option<string?>("--name") { Description = "A name of yours for the file: a repeat under it goes on with the first import, and takes nothing in twice." };
        var (storage, connection, tenant) = (Database.Storage(), Database.Connection(), Database.Tenant());
        var command = new Command("import", "Take a file of usage events of any size in.") { file, format, columns, constants, delimiter, name, storage, connection, tenant };
        command.SetAction((parsed, cancellationToken) => Database.UseAsync(output, parsed.GetRequiredValue(storage), parsed.GetRequiredValue(connection), async billing =>
        {
            var source = parsed.GetRequiredValue(file);
            var written = FileOf(source.Name, parsed.GetValue(format)) with
            {
                Csv = new CsvLayout { Columns = Pairs("--column", parsed.GetValue(columns)), Constants = Pairs("--set", parsed.GetValue(constants)), Delimiter = parsed.GetValue(delimiter) },
            };
            var content = source.OpenRead();
            await using (content.ConfigureAwait(false))
            {
                var import = await billing.Imports.UploadAsync(Database.Owner(parsed.GetValue(tenant)), content, written, parsed.GetValue(name), cancellationToken: cancellationToken).ConfigureAwait(false);
                return await FollowAsync(output, billing, import, cancellationToken).ConfigureAwait(false);
            }
        }));
        return command;
    }

    // Reads the file here, unless a worker of the database was faster, and tells how far it is until it is over.
    private static async Task<int> FollowAsync(TextWriter output, Billing billing, UsageImport import, CancellationToken cancellationToken)
    {
        while (!import.IsOver)
        {
            var reading = billing.Imports.ExecuteAsync(import, cancellationToken);
            while (await Task.WhenAny(reading, Task.Delay(Pause, cancellationToken)).ConfigureAwait(false) != reading)
            {
                var counts = (await billing.Imports.GetAsync(import.Tenant, import.Id.ToString(), cancellationToken).ConfigureAwait(false)).Counts;
                await output.WriteLineAsync($"{counts.Rows} rows, {(import.Bytes == 0 ? 100 : counts.BytesRead * 100 / import.Bytes)} % of the file").ConfigureAwait(false);
            }

            import = await reading.ConfigureAwait(false);
            if (!import.IsOver)
            {
                await Task.Delay(Pause, cancellationToken).ConfigureAwait(false);
                import = await billing.Imports.GetAsync(import.Tenant, import.Id.ToString(), cancellationToken).ConfigureAwait(false);
            }
        }

        var done = import.Counts;
        foreach (var refusal in done.Refusals)
        {
            await output.WriteLineAsync($"{(refusal.Line is { } line ? $"line {line}" : $"row {refusal.Row}")}{(refusal.Id is { } id ? $", event '{id}'" : "")}: {refusal.Message}").ConfigureAwait(false);
        }

        await output.WriteLineAsync($"{done.Rows} rows: {done.Accepted} accepted, {done.Duplicates} duplicates, {done.Rejected} rejected").ConfigureAwait(false);
        if (import.Error is { } error)
        {
            await output.WriteLineAsync($"the file could not be read to its end: {error}").ConfigureAwait(false);
        }

        return import.Status is not UsageImportStatus.Completed ? Commands.Unreadable : done.Rejected > 0 ? Commands.Faulty : Commands.Sound;
    }

    private static UsageFile FileOf(string name, string? format)
    {
        var packing = Path.GetExtension(name).ToUpperInvariant() switch { ".GZ" => UsagePacking.Gzip, ".BR" => UsagePacking.Brotli, _ => UsagePacking.None };
        var ending = Path.GetExtension(packing is UsagePacking.None ? name : Path.GetFileNameWithoutExtension(name));
        return new UsageFile
        {
            Format = format is not null ? Names[format] : Formats.TryGetValue(ending, out var known) ? known : throw BillingException.Field("--format", $"is required, since '{name}' does not tell it: {string.Join(", ", Names.Keys)}"),
            Packing = packing,
        };
    }

    private static ImmutableSortedDictionary<string, string> Pairs(string option, string[]? pairs) => (pairs ?? []).Select(pair => pair.Split('=', 2))
        .ToImmutableSortedDictionary(pair => pair[0], pair => pair.Length is 2 ? pair[1] : throw BillingException.Field(option, $"must be a field and what it is with = between, not '{pair[0]}'"), StringComparer.Ordinal);
}
