"""FastAPI and pydantic: a typed body of thirty floats, the model called in a route of its own. Arguments: port, model.

The route is async: FastAPI would give any other to a thread, which costs more for a model this quick.
"""

import sys

import joblib
import numpy as np
import uvicorn
from fastapi import FastAPI
from pydantic import BaseModel, create_model

MODEL = joblib.load(sys.argv[2])
NAMES = [f"x{number:02}" for number in range(30)]
Row = create_model("Row", **dict.fromkeys(NAMES, (float, ...)))  # type: ignore[call-overload]


class Prediction(BaseModel):
    """The answer."""

    prediction: float


app = FastAPI()


@app.post("/predict")
async def predict(row: Row) -> Prediction:  # type: ignore[valid-type]
    """One row in, one number out."""
    values = np.array([[getattr(row, name) for name in NAMES]])
    return Prediction(prediction=float(MODEL.predict(values)[0]))


@app.get("/ready")
async def ready() -> dict[str, bool]:
    """It answers."""
    return {"ready": True}


if __name__ == "__main__":
    uvicorn.run(
        app,
        host="127.0.0.1",
        port=int(sys.argv[1]),
        loop="uvloop",
        http="httptools",
        access_log=False,
        log_level="warning",
    )
