using System.Text.Json.Nodes;
using BillApis.Tests.Vectors;
using BillApis.Unit.Tests.Metering.Vectors;
using BillApis.Unit.Tests.Pricing.Vectors;

namespace BillApis.Unit.Tests.Invoicing.Vectors;

/// <summary>What the collection of vectors describes and none of the given ones has: inputs that whoever asks must not pass over. The numbers are made by hand.</summary>
public sealed class DescribedShapeTests
{
    private static readonly Dictionary<string, Func<Vector, Task<string?>>> Runs = new()
    {
        ["charge-models"] = VectorTests.ChargeModelAsync,
        ["proration"] = vector => Task.FromResult(ProrationVectors.Run(vector)),
        ["billing-dates"] = vector => Task.FromResult(BillingDateVectors.Run(vector)),
        ["invoices"] = vector => Task.FromResult(InvoiceVectors.Run(vector)),
        ["entitlements-credits"] = vector => Task.FromResult(CreditVectors.Run(vector)),
        ["aggregations"] = vector => Task.FromResult(AggregationVectorTests.Problem(vector)),
    };

    [Theory]

    // Each tier by itself at most its own bound: 40 of 50, and 41 of 1 + 20 × 2.
    [InlineData("charge-models", "graduated", """{"units": "30", "price": {"model": "graduated", "tiers": [{"up_to": "10", "unit_amount": "5", "flat_cap": "40"}, {"up_to": null, "unit_amount": "2", "flat_amount": "1", "flat_cap": "100"}]}}""", """{"amount": "81"}""")]
    [InlineData("charge-models", "matrix", """{"groups": [{"key": {"region": "us", "size": "l"}, "units": "2"}, {"key": {"region": "eu", "size": "s"}, "units": "3"}, {"key": {"region": "ap", "size": "s"}, "units": "1"}], "price": {"model": "matrix", "cells": [{"match": {"region": "us", "size": "l"}, "price": "10"}, {"match": {"region": "eu"}, "price": "8"}], "default": "1"}}""", """{"amount": "45", "groups": [{"key": {"region": "us", "size": "l"}, "units": "2", "amount": "20"}]}""")]
    [InlineData("charge-models", "graduated", """{"units": "-3", "negative_usage": "zero", "price": {"model": "graduated", "zero_usage_flat": true, "tiers": [{"up_to": null, "unit_amount": "5", "flat_amount": "7"}]}}""", """{"amount": "7"}""")]
    [InlineData("charge-models", "graduated", """{"units": "0", "price": {"model": "graduated", "zero_usage_flat": false, "tiers": [{"up_to": null, "unit_amount": "5", "flat_amount": "7"}]}}""", """{"amount": "0"}""")]
    [InlineData("proration", "seat_change", """{"base_amount": "0", "seat_amount": "1000000", "seats_before": 1, "seats_after": 2, "remaining_ratio": "0.123456789", "discount": null, "scale": 2}""", """{"charge": "123456.79"}""")]
    [InlineData("proration", "item_change", """{"basis": "days_inclusive", "period_start": "2024-02-01", "period_last_day": "2024-02-29", "change_on": "2024-02-29", "old": {"quantity": "1", "unit_amount": "29"}, "new": null, "scale": 2}""", """{"credit": "-1.00", "charge": null, "net": "-1.0"}""")]
    [InlineData("proration", "proration_factor", """{"basis": "days", "service_start": "2024-04-16", "service_end": "2024-05-01", "full_start": "2024-04-01", "full_end": "2024-05-01"}""", """{"factor": "15/30"}""")]

    // The night of 9 March 2025 has no 02:30 in New York; the clocks go on at 03:00, which is 07:00 UTC.
    [InlineData("billing-dates", "add_days", """{"instant": "2025-03-10T06:30:00Z", "days": -1, "time_zone": "America/New_York"}""", """{"result": "2025-03-09T07:00:00Z"}""")]
    [InlineData("billing-dates", "add_days", """{"instant": "2025-03-10T06:30:00Z", "days": 0, "time_zone": "America/New_York"}""", """{"result": "2025-03-10T06:30:00Z"}""")]
    [InlineData("billing-dates", "cycle_end", """{"interval": "hourly", "count": 5, "anchor": "2025-01-15T10:30:00Z", "at": "2025-01-15T05:29:59Z", "time_zone": "UTC"}""", """{"local_parts": {"day": 15, "hour": 5, "minute": 30}}""")]
    [InlineData("billing-dates", "next_boundary", """{"interval": "hourly", "count": 2, "anchor": "2025-01-15T10:30:00Z", "after": "2025-01-15T12:30:00Z", "strict": false, "time_zone": "UTC"}""", """{"boundary": "2025-01-15T12:30:00Z"}""")]
    [InlineData("billing-dates", "previous_boundary", """{"interval": "hourly", "count": 2, "anchor": "2025-01-15T10:30:00Z", "before": "2025-01-15T12:30:00Z", "strict": true, "time_zone": "UTC"}""", """{"boundary": "2025-01-15T10:30:00Z"}""")]
    [InlineData("invoices", "discount", """{"amount": "10", "percent_off": "150", "scale": 2}""", """{"discount": "10", "final": "0"}""")]
    [InlineData("invoices", "invoice", """{"lines": [{"id": "1", "amount": "10", "tax_percents": ["10"]}, {"id": "2", "amount": "20", "tax_percents": ["20"]}], "scale": 2}""", """{"tax": "5", "average_tax_percent": "16.667"}""")]
    [InlineData("invoices", "round", """{"amount": "2.5", "scale": 0, "rounding": "half_even"}""", """{"amount": "2"}""")]
    [InlineData("invoices", "coupon_use", """{"frequency": "once", "amount_off": "10.00", "already_used": "4.00", "invoice_amount": "20.00"}""", """{"discount": "6.00", "ended": true}""")]
    [InlineData("invoices", "invoice", """{"lines": [{"id": "1", "amount": "100", "kind": "usage"}, {"id": "2", "amount": "50", "kind": "fixed"}], "prepaid_credits": [{"balance": "120"}], "prepaid_applies_to": ["usage"], "scale": 2}""", """{"prepaid": "100", "prepaid_left": "20", "total": "50", "lines": [{"id": "1", "prepaid": "100"}, {"id": "2", "prepaid": "0"}]}""")]
    [InlineData("invoices", "invoice", """{"lines": [{"id": "1", "amount": "50", "kind": "fixed"}], "prepaid_credits": [{"balance": "30"}], "prepaid_applies_to": ["usage"], "scale": 2}""", """{"prepaid": "0", "prepaid_left": "30", "total": "50"}""")]
    [InlineData("invoices", "invoice", """{"lines": [{"id": "1", "amount": "10", "tax_percents": ["19"]}, {"id": "2", "amount": "-30", "tax_percents": ["19"]}], "scale": 2}""", """{"subtotal": "-20", "tax": "-3.80", "total": "-23.80"}""")]
    [InlineData("invoices", "credit_note_sequence", """{"lines": ["100.00"], "tax_percent": "20", "credits": ["40.00"], "scale": 2}""", """{"notes": [{"excl_tax": "40", "tax": "8", "total": "48"}]}""")]
    [InlineData("invoices", "progressive_credit", """{"fees": {"a": "5"}, "billed_during_period": []}""", """{"credit": "0"}""")]
    [InlineData("entitlements-credits", "converted_balance", """{"amount": "10", "usage_raw": "12500", "divide_by": "1000"}""", """{"balance": "0", "usage": "12.5", "overage": "2.5"}""")]
    [InlineData("entitlements-credits", "credit_run", """{"start": "2024-01-01T00:00:00Z", "balances": {"a": "10"}, "grants": [{"id": "a", "amount": "10", "priority": 1, "effective_at": "2024-01-01T00:00:00Z"}], "usage": [{"at": "2024-01-02T00:00:00Z", "amount": "8"}, {"at": "2024-01-03T00:00:00Z", "amount": "3"}], "aggregation": "latest", "until": "2024-01-04T00:00:00Z"}""", """{"balances": {"a": "7"}, "usage": "3"}""")]
    [InlineData("aggregations", "rate", """{"aggregation": "sum", "from": "2024-01-01T00:00:00Z", "to": "2024-01-01T02:00:00Z", "window": "hour", "time_zone": "UTC", "then": "max", "events": [{"time": "2024-01-01T00:10:00Z", "value": "1"}, {"time": "2024-01-01T00:20:00Z", "value": "2"}, {"time": "2024-01-01T01:10:00Z", "value": "7"}]}""", """{"value": "7"}""")]
    [InlineData("aggregations", "prorated_sum", """{"aggregation": "prorated_sum", "from": "2023-03-01T00:00:00Z", "to": "2023-04-01T00:00:00Z", "period_days": 31, "fixed_days": 10, "events": [{"time": "2023-03-16T00:00:00Z", "value": "31"}, {"time": "2023-03-20T00:00:00Z", "value": "31"}, {"time": "2023-04-01T00:00:00Z", "value": "31"}]}""", """{"value": "20"}""")]
    public async Task Nothing_that_is_described_is_passed_over(string file, string category, string inputs, string expected) =>
        (await Runs[file](new Vector(category, "getlago/lago-api", category, JsonNode.Parse(inputs)!.AsObject(), JsonNode.Parse(expected)!.AsObject()))).ShouldBeNull();
}
