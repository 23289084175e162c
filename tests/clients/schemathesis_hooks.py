"""What schemathesis does besides: it looks at a redirect and does not follow it, for the answer of another operation is not this one's."""

import schemathesis


@schemathesis.hook
def before_call(context, case, kwargs):
    kwargs["allow_redirects"] = False
