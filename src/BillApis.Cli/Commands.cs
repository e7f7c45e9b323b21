using System.CommandLine;
using System.Text.Json;
using BillApis.Cli.Verification;

namespace BillApis.Cli;

/// <summary>The commands, and what they answer: 0 for sound or done, 1 for a fault that was found, 2 for what cannot be read or reached.</summary>
internal static class Commands
{
    public const int Sound = 0;
    public const int Faulty = 1;
    public const int Unreadable = 2;

    public static RootCommand Root(TextWriter output) => new("Verifies what BillApis billed, and looks after its databases. Each command ends with 0 for sound or done, 1 for a fault that was found, 2 for what cannot be read or reached.")
    {
        Verify(output), VerifyChain(output), Migrate(output), ImportCommand.Of(output), RebuildCommand.Of(output), PlanCommand.Of(output),
    };

    private static Command Verify(TextWriter output)
    {
        var invoice = new Argument<FileInfo>("invoice.json") { Description = "The invoice, from GET /invoicing/invoices/{id}/export." };
        var events = new Argument<FileInfo>("events.ndjson") { Description = "Its events, from GET /invoicing/invoices/{id}/events." };
        var command = new Command("verify", "Recompute an invoice from its prices, terms and events.") { invoice, events };
        command.SetAction(async (parsed, cancellationToken) =>
        {
            try
            {
                var document = await File.ReadAllBytesAsync(parsed.GetRequiredValue(invoice).FullName, cancellationToken).ConfigureAwait(false);
                var findings = InvoiceVerification.Run(document, await File.ReadAllBytesAsync(parsed.GetRequiredValue(events).FullName, cancellationToken).ConfigureAwait(false));
                return await TellAsync(output, findings, () => InvoiceVerification.Describe(document)).ConfigureAwait(false);
            }
            catch (Exception exception) when (exception is IOException or UnauthorizedAccessException or JsonException or BillingException or InvalidDataException)
            {
                await output.WriteLineAsync($"cannot be verified: {exception.Message}").ConfigureAwait(false);
                return Unreadable;
            }
        });
        return command;
    }

    private static Command VerifyChain(TextWriter output)
    {
        var (storage, connection, tenant) = (Database.Storage(), Database.Connection(), Database.Tenant());
        var command = new Command("verify-chain", "Follow the hashes of every issued invoice and credit memo.") { storage, connection, tenant };
        command.SetAction((parsed, cancellationToken) => Database.UseAsync(output, parsed.GetRequiredValue(storage), parsed.GetRequiredValue(connection), async billing =>
        {
            var owner = Database.Owner(parsed.GetValue(tenant));
            var report = await billing.Documents.VerifyAsync(owner, cancellationToken).ConfigureAwait(false);
            return await TellAsync(output, [.. report.Faults.Select(fault => fault.ToString())], () => string.Join(Environment.NewLine, report.Series.Select(series => $"{series.Series}: {series.Documents} documents, {series.Hash ?? "none sealed"}"))).ConfigureAwait(false);
        }));
        return command;
    }

    private static Command Migrate(TextWriter output)
    {
        var (storage, connection) = (Database.Storage(), Database.Connection());
        var command = new Command("migrate", "Bring a database to the schema of this version.") { storage, connection };
        command.SetAction((parsed, cancellationToken) => Database.UseAsync(output, parsed.GetRequiredValue(storage), parsed.GetRequiredValue(connection), async billing =>
        {
            await billing.MigrateAsync(cancellationToken).ConfigureAwait(false);
            return await TellAsync(output, [], () => "migrated").ConfigureAwait(false);
        }));
        return command;
    }

    /// <summary>Writes what was found, or else that all is sound.</summary>
    internal static async Task<int> TellAsync(TextWriter output, IReadOnlyList<string> findings, Func<string> sound)
    {
        foreach (var finding in findings)
        {
            await output.WriteLineAsync(finding).ConfigureAwait(false);
        }

        await output.WriteLineAsync(findings.Count > 0 ? $"REFUSED: {findings.Count} {(findings.Count == 1 ? "fault" : "faults")}" : sound()).ConfigureAwait(false);
        return findings.Count > 0 ? Faulty : Sound;
    }
}
