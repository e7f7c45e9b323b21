using System.CommandLine;
using BillApis.Invoicing;
using BillApis.Ledger;

namespace BillApis.Cli;

/// <summary><c>billapis rebuild</c>: balances, credit and totals of usage are projections of transfers, entries and events, and are counted anew from them.</summary>
internal static class RebuildCommand
{
    public static Command Of(TextWriter output)
    {
        var check = new Option<bool>("--check") { Description = "Only tell what differs, and end with 1 where something does." };
        var (storage, connection, tenant) = (Database.Storage(), Database.Connection(), Database.Tenant());
        var command = new Command("rebuild", "Count every balance of the ledger anew from its transfers, credit from its entries and totals of usage from its events, and set those that differ.") { check, storage, connection, tenant };
        command.SetAction((parsed, cancellationToken) => Database.UseAsync(output, parsed.GetRequiredValue(storage), parsed.GetRequiredValue(connection), async billing =>
        {
            var (owner, set, result) = (Database.Owner(parsed.GetValue(tenant)), !parsed.GetValue(check), Commands.Sound);
            foreach (var rebuild in (Func<Task<int>>[])[
                () => BalancesAsync(output, billing, owner, set, cancellationToken), () => CreditAsync(output, billing, owner, set, cancellationToken), () => TotalsRebuild.RunAsync(output, billing, owner, set, cancellationToken)])
            {
                result = Math.Max(result, await rebuild().ConfigureAwait(false));
            }

            return result;
        }));
        return command;
    }

    private static async Task<int> BalancesAsync(TextWriter output, Billing billing, TenantId tenant, bool set, CancellationToken cancellationToken)
    {
        var found = await billing.Books.VerifyAsync(tenant, cancellationToken).ConfigureAwait(false);
        if (set && found.Count > 0)
        {
            await billing.Books.RebuildAsync(tenant, cancellationToken).ConfigureAwait(false);
        }

        return await TellAsync(output, set, [.. found.Select(difference => (Text(difference), true))], "balance", "every balance is what its transfers give").ConfigureAwait(false);
    }

    private static async Task<int> CreditAsync(TextWriter output, Billing billing, TenantId tenant, bool set, CancellationToken cancellationToken)
    {
        var found = await (set ? billing.Credits.RebuildAsync(tenant, cancellationToken) : billing.Credits.VerifyAsync(tenant, cancellationToken)).ConfigureAwait(false);
        return await TellAsync(output, set, [.. found.Select(difference => (Text(difference), difference.CanBeSet))], "credit grant", "every credit grant is what its entries give").ConfigureAwait(false);
    }

    /// <summary>Tells what differs; what a rebuild cannot set is a fault also where it was to be set.</summary>
    private static async Task<int> TellAsync(TextWriter output, bool set, List<(string Text, bool CanBeSet)> found, string what, string sound)
    {
        foreach (var (text, canBeSet) in found)
        {
            await output.WriteLineAsync(!set || canBeSet ? text : $"{text}; this cannot be set").ConfigureAwait(false);
        }

        var faults = set ? found.Count(difference => !difference.CanBeSet) : found.Count;
        await output.WriteLineAsync(found.Count == 0 ? sound : faults > 0 ? $"REFUSED: {Count(faults, "fault")}" : $"{Count(found.Count, what)} set").ConfigureAwait(false);
        return faults > 0 ? Commands.Faulty : Commands.Sound;
    }

    /// <summary>A number of things in words.</summary>
    internal static string Count(long count, string what) => $"{count} {what}{(count == 1 ? "" : "s")}";

    private static string Text(BalanceDifference difference) => $"{difference.Kept.Account}: the ledger keeps {Sides(difference.Kept)}, its transfers give {Sides(difference.Counted)}";

    private static string Sides(Balance balance) => $"{balance.Debits} debited and {balance.Credits} credited";

    private static string Text(CreditDifference difference) => difference.Kind switch
    {
        CreditDifferenceKind.Entry => $"credit grant {difference.Grant} of {difference.Customer}: its entry {difference.Entry} does not follow from those before it",
        CreditDifferenceKind.Use => $"credit grant {difference.Grant} of {difference.Customer}: the invoice {difference.Invoice} says that it used {difference.Kept}, its entries give {difference.Counted}",
        _ when difference.Kept == difference.Counted => $"credit grant {difference.Grant} of {difference.Customer}: the grant keeps another number of entries than there are",
        _ => $"credit grant {difference.Grant} of {difference.Customer}: the grant keeps {difference.Kept}, its entries give {difference.Counted}",
    };
}
