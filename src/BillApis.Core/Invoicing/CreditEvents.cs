using System.Collections.Immutable;
using System.Text.Json;
using BillApis.Invoicing;
using BillApis.Ledger;
using NodaTime;

namespace BillApis;

/// <summary>What happened to credit grants, with what it does to the books: both are stored with the grants.</summary>
internal static class CreditEvents
{
    /// <summary>The events of the entries that invoices have no part in.</summary>
    public static IReadOnlyList<BillingEvent> Of(CreditGrant grant) => [.. grant.Entries.Where(entry => entry.Invoice is null).SelectMany(entry => Of(grant, entry))];

    /// <summary>The top-ups that are due: where the customer's credit fell below a grant's threshold since it was stored last, and is below it; where the grant is new, or its time has come since, and it is below it from the start.</summary>
    public static IEnumerable<BillingEvent> TopUps(IReadOnlyList<CreditGrant> before, IReadOnlyList<CreditGrant> after, Instant now)
    {
        foreach (var grant in after.Where(grant => grant.TopUp is not null && grant.Period.IsActiveAt(now)))
        {
            var (threshold, currency, left) = (grant.TopUp!.Threshold, grant.Amount.Currency, Sum(after, grant.Amount.Currency, now));
            if (left < threshold.MinorUnits && (before.All(item => item.Id != grant.Id || item.AsOf < item.Period.EffectiveAt) || Looks(before, now).Any(at => Sum(before, currency, at) >= threshold.MinorUnits)))
            {
                var balance = Money.FromMinorUnits((long)left, currency);
                var data = JsonSerializer.Serialize(new { grant.Customer, Balance = balance, Threshold = threshold, Amount = grant.TopUp.Due(balance) }, BillingJson.Options);
                yield return new BillingEvent("credit.top_up_due", grant.Id.ToString(), now, data);
            }
        }
    }

    /// <summary>What a customer can use of a currency.</summary>
    /// <exception cref="BillingException">It is more than can be kept exactly.</exception>
    public static Money Available(IEnumerable<CreditGrant> grants, Currency currency, Instant at) =>
        BillingException.OrTooMuch("The customer's credit", () => Money.FromMinorUnits((long)Sum(grants, currency, at), currency));

    // Nobody could use a grant before it was made, from when on it may count ever.
    private static Int128 Sum(IEnumerable<CreditGrant> grants, Currency currency, Instant at) => grants
        .Where(grant => grant.Amount.Currency == currency && grant.Period.IsActiveAt(at) && grant.CreatedAt <= at)
        .Aggregate(Int128.Zero, (sum, grant) => sum + grant.AdvancedTo(at).Balance.MinorUnits);

    // Each time at which grants change by themselves, the time before each, and now.
    private static IEnumerable<Instant> Looks(IReadOnlyList<CreditGrant> grants, Instant now)
    {
        foreach (var grant in grants)
        {
            for (var next = grant; next.NextChangeAt is { } change && change <= now; next = next.AdvancedTo(change))
            {
                yield return change - Duration.Epsilon;
                yield return change;
            }
        }

        yield return now;
    }

    private static IEnumerable<BillingEvent> Of(CreditGrant grant, CreditEntry entry)
    {
        yield return new BillingEvent($"credit.{JsonNamingPolicy.SnakeCaseLower.ConvertName(entry.Kind.ToString())}", grant.Id.ToString(), entry.At);
        if (grant is { Category: CreditCategory.Paid, Memo: null } && LedgerPosting.Of(Posted(grant, entry), grant.Id.ToString(), entry.At) is { } posting)
        {
            yield return posting;
        }
    }

    // Promotional credit is nobody's money until it is used; what came from a credit memo or an invoice is posted with that.
    private static ImmutableArray<Transfer> Posted(CreditGrant grant, CreditEntry entry) => entry.Kind switch
    {
        CreditEntryKind.Granted when grant.Invoice is not null => [],
        CreditEntryKind.Granted or CreditEntryKind.Refilled => Postings.CreditBought(grant.Tenant, entry.Id, Postings.External, grant.Customer, entry.Amount, entry.At),
        CreditEntryKind.Expired => Postings.CreditExpired(grant.Tenant, entry.Id, grant.Customer, -entry.Amount, entry.At),
        CreditEntryKind.Voided => Postings.CreditVoided(grant.Tenant, entry.Id, Postings.External, grant.Customer, -entry.Amount, entry.At),
        _ => [],
    };
}
