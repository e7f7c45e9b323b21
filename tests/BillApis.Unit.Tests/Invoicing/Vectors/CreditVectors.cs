using System.Text.Json.Nodes;
using BillApis.Invoicing;
using BillApis.Pricing;
using BillApis.Tests.Vectors;
using BillApis.Unit.Tests.Entitlements;
using NodaTime;
using NodaTime.Text;

namespace BillApis.Unit.Tests.Invoicing.Vectors;

/// <summary>Asks grants, their order and their top-ups what the peers ask theirs.</summary>
internal static class CreditVectors
{
    public static string? Run(Vector vector) => vector.Category switch
    {
        "grant_order" => GrantOrder(vector),
        "grant_period" => Period(vector, found => found.CompareText("end", PeriodOf(vector.Inputs).EndsAt is { } end ? InstantPattern.ExtendedIso.Format(end) : null)),
        "grant_active" => Period(vector, found => found.CompareText("active", PeriodOf(vector.Inputs).IsActiveAt(At(vector.Inputs["at"])) ? "true" : "false")),
        "credit_debit" => Debit(vector),
        "credit_run" or "balance_history" => UnitVectors.Run(vector),
        "credit_expiry" => Expiry(vector),
        "credit_value" => Value(vector),
        "auto_top_up" => TopUp(vector),
        "top_up_due" => TopUpDue(vector),
        "allowance_use" => AllowanceVectors.Use(vector),
        "allowance_window" => AllowanceVectors.Window(vector),
        "starting_allowance" => AllowanceVectors.Start(vector),
        "credit_cost" => AllowanceVectors.Cost(vector),
        "converted_balance" => UnitVectors.Converted(vector),
        _ => throw new InvalidOperationException($"nothing asks {vector.Category}"),
    };

    public static Instant At(JsonNode? instant) => OffsetDateTimePattern.Rfc3339.Parse(Vector.Text(instant)!).Value.ToInstant();

    public static GrantPeriod PeriodOf(JsonNode grant)
    {
        // What was deleted was withdrawn too: whichever came first.
        var gone = new[] { grant["voided_at"], grant["deleted_at"] }.Where(node => node is not null).Select(At).Cast<Instant?>().Min();
        return new GrantPeriod(At(grant["effective_at"]), grant["expires_at"] is { } expires ? At(expires) : null, gone);
    }

    private static string? Period(Vector vector, Action<Differences> compare)
    {
        var found = new Differences(vector.Expected);
        compare(found);
        return found.Report();
    }

    private static string? GrantOrder(Vector vector)
    {
        var order = vector.Inputs["grants"]!.AsArray()
            .Select(grant => new BurnKey((int)Vector.Number(grant!["priority"])!.Value, grant["expires_at"] is { } expires ? At(expires) : null, 0, CreditCategory.Paid, At(grant["created_at"]), Vector.Text(grant["id"])!))
            .Order().Select(key => key.Id);
        var found = new Differences(vector.Expected);
        found.Compare("order", (expected, report) =>
        {
            if (!expected.Select(Vector.Text).SequenceEqual(order))
            {
                report($"got {string.Join(", ", order)}");
            }
        });
        return found.Report();
    }

    // A debit is an invoice that the credits pay; what they cannot pay is missing.
    private static string? Debit(Vector vector)
    {
        var peer = new PeerInvoice(vector);
        var only = Vector.Text(vector.Inputs["only"]);
        var credits = vector.Inputs["credits"]!.AsArray().Select((credit, i) => (Id: Vector.Text(credit!["id"])!, Grant: peer.Grant(credit["amount"], (int)(Vector.Number(credit["priority"]) ?? 1_000)) with
        {
            Category = Vector.Text(credit["kind"]) is "granted" ? CreditCategory.Promotional : CreditCategory.Paid,
            Period = new GrantPeriod(PeerInvoice.Now, credit["expires_on"] is { } day ? LocalDatePattern.Iso.Parse(Vector.Text(day)!).Value.AtStartOfDayInZone(DateTimeZone.Utc).ToInstant() : null),
            CreatedAt = PeerInvoice.Now - Duration.FromDays(100 - (int)(Vector.Number(credit["created"]) ?? i)),
        })).ToList();
        var usable = credits.Where(credit => only is null || credit.Id == only).Select(credit => credit.Grant);
        var settled = InvoiceSettlement.Settle(peer.Draft([(vector.Inputs["debit"], null, null)]), usable, TaxDecision.None, PeerInvoice.Now);
        var left = credits.ToDictionary(credit => credit.Id, credit => (settled.Grants.SingleOrDefault(grant => grant.Id == credit.Grant.Id) ?? credit.Grant).Balance.Amount);
        var balance = left.Values.Sum() - settled.Invoice.Due.Amount;
        var found = new Differences(vector.Expected, "left", "priority_left");
        found.CompareText("error", settled.Invoice.Due.IsZero ? null : "insufficient_balance");
        found.Compare("balance", balance);
        found.Compare("balance_value", Exact.Multiply(balance, vector.Of("rate", 1)));
        foreach (var (id, expected) in vector.Expected["left"]?.AsObject() ?? [])
        {
            found.Add(left[id] == Vector.Number(expected) ? null : $"left of {id}: got {left[id]}");
        }

        foreach (var (priority, expected) in vector.Expected["priority_left"]?.AsObject() ?? [])
        {
            var sum = vector.Inputs["credits"]!.AsArray().Where(credit => (Vector.Text(credit!["priority"]) ?? "none") == priority).Sum(credit => left[Vector.Text(credit!["id"])!]);
            found.Add(sum == Vector.Number(expected) ? null : $"left of priority {priority}: got {sum}");
        }

        return found.Report();
    }

    private static string? Expiry(Vector vector)
    {
        var unit = Enum.Parse<IntervalUnit>(Vector.Text(vector.Inputs["unit"])!, ignoreCase: true);
        var period = new BillingSchedule(DateTimeZone.Utc, At(vector.Inputs["granted_at"]), BillingAnchor.Subscription, new BillingInterval(unit, (int)vector.Of("count"))).PeriodAt(0);
        return Period(vector, found => found.CompareText("expires_at", InstantPattern.ExtendedIso.Format(period.End)));
    }

    private static string? Value(Vector vector)
    {
        var found = new Differences(vector.Expected);
        found.Compare("amount", Exact.Multiply(vector.Of("credits"), vector.Of("rate")));
        return found.Report();
    }

    // Where the peer counts bought and given credit apart, ours buys both as one amount.
    private static string? TopUp(Vector vector)
    {
        var peer = new PeerInvoice(vector);
        Money? Of(string input) => vector.Inputs[input] is { } amount ? peer.Money(amount) : null;
        var (each, free) = (vector.Of("paid") + vector.Of("granted"), vector.Inputs.ContainsKey("grants"));
        var isTarget = Vector.Text(vector.Inputs["method"]) is "target";
        var top = isTarget
            ? new AutoTopUp(Of("threshold") ?? Of("target")!.Value, Target: Of("target"), Minimum: free ? null : Of("min_paid"))
            : new AutoTopUp(Of("threshold")!.Value, Amount: Money.Of(each, peer.Currency));
        var due = top.Due(peer.Money(vector.Inputs["available"]) + (Of("pending") ?? Money.Zero(peer.Currency))).Amount;
        var found = new Differences(vector.Expected);
        found.Compare("paid", isTarget ? free ? 0 : due : due / each * vector.Of("paid"));
        found.Compare("granted", isTarget ? free ? due : 0 : due / each * vector.Of("granted"));
        return found.Report();
    }

    private static string? TopUpDue(Vector vector)
    {
        static Instant Day(JsonNode? date) => LocalDatePattern.Iso.Parse(Vector.Text(date)!).Value.AtStartOfDayInZone(DateTimeZone.Utc).ToInstant();
        var unit = Vector.Text(vector.Inputs["interval"]) switch { "weekly" => IntervalUnit.Week, "monthly" => IntervalUnit.Month, "quarterly" => IntervalUnit.Quarter, "semiannual" => IntervalUnit.HalfYear, "yearly" => IntervalUnit.Year, var other => throw new InvalidOperationException($"no interval is {other}") };
        var schedule = new BillingSchedule(DateTimeZone.Utc, Day(vector.Inputs["anchor"]), BillingAnchor.Subscription, new BillingInterval(unit, 1));

        // The first top-up comes a period after the anchor.
        var date = Day(vector.Inputs["date"]);
        return Period(vector, found => found.CompareText("due", date > schedule.Start && schedule.IsBoundary(date) ? "true" : "false"));
    }
}
