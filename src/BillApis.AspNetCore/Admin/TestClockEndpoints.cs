using BillApis.Workers;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using NodaTime;

namespace BillApis.AspNetCore;

/// <summary><c>/admin/test-clock</c>: moving billing time, where the host runs with the test clock.</summary>
internal static class TestClockEndpoints
{
    public static void MapTestClock(this IEndpointRouteBuilder api, RestOptions options)
    {
        if (options.TestClockStart is not null)
        {
            var clock = api.MapGroup("/admin/test-clock").WithTags("Admin").Requires("test-clock");
            clock.MapGet("", Get).WithSummary("What the test clock shows");
            clock.MapPost("", Move).WithSummary("Move the test clock forward").ForOperator();
        }
    }

    internal static ClockResponse Get(TestClock clock) => new(clock.Now);

    internal static ClockResponse Move(Body<ClockRequest> body, TestClock clock, BillingWorker worker)
    {
        // Whoever moved the clock has time to send the usage of the period that just ended before the worker bills it.
        worker.Postpone();
        clock.MoveTo(body.Value.Now);
        return new ClockResponse(clock.Now);
    }
}

internal sealed record ClockRequest
{
    public required Instant Now { get; init; }
}

internal sealed record ClockResponse(Instant Now);
