using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.HttpResults;

namespace BillApis.AspNetCore;

/// <summary>Wraps what the handlers return; they know nothing of the envelope.</summary>
internal sealed class EnvelopeFilter : IEndpointFilter
{
    public async ValueTask<object?> InvokeAsync(EndpointFilterInvocationContext context, EndpointFilterDelegate next)
    {
        var result = await next(context).ConfigureAwait(false);
        if (result is FileResult or PushStreamHttpResult)
        {
            return result;
        }

        var status = (result as IStatusCodeHttpResult)?.StatusCode ?? StatusCodes.Status200OK;
        return new Wrapped(status, result is IValueHttpResult typed ? typed.Value : result);
    }

    private sealed class Wrapped(int status, object? payload) : IResult
    {
        public Task ExecuteAsync(HttpContext httpContext) => Envelope.SucceedAsync(httpContext, status, payload);
    }
}
