using System.CommandLine;
using BillApis.Ledger;

namespace BillApis.Cli;

/// <summary><c>billapis rebuild</c>: balances are projections of the transfers, and are counted anew from them.</summary>
internal static class RebuildCommand
{
    public static Command Of(TextWriter output)
    {
        var check = new Option<bool>("--check") { Description = "Only tell what differs, and end with 1 where something does." };
        var (storage, connection, tenant) = (Database.Storage(), Database.Connection(), Database.Tenant());
        var command = new Command("rebuild", "Count every balance of the ledger anew from its transfers, and set those that differ.") { check, storage, connection, tenant };
        command.SetAction((parsed, cancellationToken) => Database.UseAsync(output, parsed.GetRequiredValue(storage), parsed.GetRequiredValue(connection), async billing =>
        {
            var owner = Database.Owner(parsed.GetValue(tenant));
            var found = await billing.Books.VerifyAsync(owner, cancellationToken).ConfigureAwait(false);
            if (parsed.GetValue(check))
            {
                return await Commands.TellAsync(output, [.. found.Select(Text)], () => "every balance is what its transfers give").ConfigureAwait(false);
            }

            if (found.Count > 0)
            {
                await billing.Books.RebuildAsync(owner, cancellationToken).ConfigureAwait(false);
            }

            foreach (var difference in found)
            {
                await output.WriteLineAsync(Text(difference)).ConfigureAwait(false);
            }

            await output.WriteLineAsync(found.Count == 0 ? "every balance is what its transfers give" : $"{found.Count} {(found.Count == 1 ? "balance" : "balances")} set").ConfigureAwait(false);
            return Commands.Sound;
        }));
        return command;
    }

    private static string Text(BalanceDifference difference) => $"{difference.Kept.Account}: the ledger keeps {Sides(difference.Kept)}, its transfers give {Sides(difference.Counted)}";

    private static string Sides(Balance balance) => $"{balance.Debits} debited and {balance.Credits} credited";
}
